import { emitTfjsLayers } from '../compiler/5-emit/tfjs-layers/index.js';
import type { Graph, Param } from '../compiler/index.js';
import { version } from '../runtime/version.js';
import { Reported } from './errors.js';
import type { Io } from './io.js';
import { fileReport, type GoodSpec, hasErrors, printDiagnostics } from './spec.js';

/** Whether a file of this name may be replaced by another build. */
export const isLayersFile = (name: string): boolean => /^(model\.json|group1-shard\d+of\d+\.bin)$/.test(name);

export interface LayersInput {
  /** The deployed graph; where `--size` fixes it, bound. */
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly batch: number | undefined;
}

/** The files of a tf.LayersModel by name. Throws `Reported` where layers can't say the network, all refusals printed. */
export function layersFiles(
  spec: GoodSpec,
  { graph, weights, metadata, batch }: LayersInput,
  io: Io,
): ReadonlyMap<string, Uint8Array> {
  const { files, diagnostics } = emitTfjsLayers(graph, {
    weights,
    name: spec.network.name,
    generatedBy: `unetc ${version()}`,
    metadata,
    batch: batch ?? null,
  });
  printDiagnostics(io, spec.file, spec.text, diagnostics);
  if (files === null || hasErrors(diagnostics)) {
    throw new Reported({ ok: false, files: [fileReport(spec.file, diagnostics)] });
  }
  return files;
}

/** The weights of a graph's parameters, by path. */
export const arraysOf = (
  params: readonly Param[],
  weights: ReadonlyMap<string, { readonly data: Float32Array }>,
): Map<string, Float32Array> =>
  new Map(params.map((p) => [p.origin.path, (weights.get(p.origin.path) as { data: Float32Array }).data]));
