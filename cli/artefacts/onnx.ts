import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { countMacs, finish, type Graph, type WeightArrays } from '../../compiler/index.js';
import { metadataKeys } from '../../runtime/run/metadata.js';
import type { Io } from '../io.js';
import { aboutHalf, halved, wantsHalf } from './half.js';
import { finishing, runtimeOf } from './runtime.js';
import type { BuildOptions, Built } from './targets.js';

/** A deployed graph and what goes into its file. */
export interface OnnxInput {
  readonly graph: Graph;
  /** The same at some size, to count what it executes. */
  readonly bound: Graph;
  readonly arrays: WeightArrays;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An ONNX file for the runtime of `--for`, in the precision of `--precision`. */
export function buildOnnx(
  options: BuildOptions,
  facts: Pick<Built, 'parameters' | 'cost' | 'what' | 'weights'>,
  { graph, bound, arrays, name, metadata }: OnnxInput,
  io: Io,
): Built {
  const inHalf = wantsHalf(options, 'onnx');
  // fp16 is for GPUs, which multiply large images faster than they weave small ones.
  const runtime = inHalf && options.for === undefined ? 'plain' : runtimeOf(options);
  const { graph: finished, weights } = finish(graph, arrays, runtime);
  const emit = (written: Graph, more = {}) => emitOnnx(written, { weights, name, metadata: { ...metadata, ...more } });
  const about = finishing(runtime, facts.cost.macs, countMacs(finish(bound, null, runtime).graph));
  const model = emit(finished);
  if (!inHalf) return { ...facts, graph: finished, model, nodes: finished.nodes.length, more: about };
  const half = halved(finished, weights, io);
  const small = emit(half, { [metadataKeys.precision]: 'fp16' });
  const lost = aboutHalf(half, model.length, small.length);
  const more = { json: { ...about.json, ...lost.json }, lines: [...about.lines, ...lost.lines] };
  return { ...facts, graph: half, model: small, nodes: half.nodes.length, what: `${facts.what} in fp16`, more };
}
