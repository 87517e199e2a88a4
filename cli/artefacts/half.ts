import { type Graph, lostInHalf, ruleOf, toHalf, type WeightArrays } from '../../compiler/index.js';
import { sealLength } from '../../runtime/models/seal.js';
import { UserError } from '../../runtime/support/user-error.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { halfLines } from '../render/half.js';
import type { BuildOptions, HalfReport, Target } from './targets.js';

/** Whether the file is to be in fp16. @throws UsageError for a precision that no file has, or with flags of another kind of file */
export function wantsHalf({ precision = 'fp32', quantize }: BuildOptions, target: Target): boolean {
  if (precision === 'fp32') return false;
  if (precision === 'bf16') {
    throw new UsageError(
      'bf16 is what an engine computes in, not a file',
      "give it to train or predict; a file is in fp32 or fp16, or in int8 by 'unetc build --quantize int8'",
    );
  }
  if (precision !== 'fp16') throw new UsageError(`there is no precision ${precision}`, 'use fp32 or fp16');
  if (target !== 'onnx') {
    throw new UsageError(
      `--precision fp16 has no meaning for --target ${target}`,
      'fp16 models are ONNX files: use --target onnx',
    );
  }
  if (quantize !== undefined) {
    throw new UsageError('a file is in fp16 or in int8', 'leave --precision or --quantize out');
  }
  return true;
}

/**
 * A graph with its weights, in fp16 inside. Warns of filters that fp16 holds badly.
 * @throws UserError naming the parameters with numbers that it does not hold
 */
export function halved(graph: Graph, weights: WeightArrays, io: Io): Graph {
  const half = toHalf(graph);
  const lost = lostInHalf(half, weights);
  const beyond = lost.filter((l) => l.kind === 'beyond');
  const [worst, ...others] = beyond.sort((a, b) => b.largest - a.largest);
  if (worst) {
    const more = others.length === 0 ? '' : `, and so do ${others.map((l) => l.path).join(', ')}`;
    throw new UserError(
      'fp16-range',
      `${worst.path} goes up to ${worst.largest.toPrecision(3)}, and fp16 ends at 65504${more}`,
      'leave --precision out, or use --quantize int8',
    );
  }
  for (const { path, largest } of lost) {
    io.err(
      `warning: ${path} has no number above ${largest.toPrecision(3)}: below 6.1e-5 fp16 keeps fewer bits, and none below 3e-8\n`,
    );
  }
  return half;
}

/** What `build` says of a file in fp16. @param fp32 bytes of the same in fp32; both as emitted, to which `build` adds a checksum */
export function aboutHalf(half: Graph, fp32: number, bytes: number): { json: { half: HalfReport }; lines: string[] } {
  const nodes = half.nodes.filter((n) => n.op !== 'cast');
  const float = new Map<string, { op: string; nodes: number; why: string }>();
  for (const node of nodes) {
    if (node.outputs[0]?.type.dtype === 'f16') continue;
    const before = float.get(node.op) ?? { op: node.op, nodes: 0, why: ruleOf(node, 'f16').why };
    float.set(node.op, { ...before, nodes: before.nodes + 1 });
  }
  const inFloat = [...float.values()];
  const report = {
    nodes: nodes.length,
    half: nodes.length - inFloat.reduce((n, f) => n + f.nodes, 0),
    float: inFloat,
    fp32Bytes: fp32 + sealLength,
  };
  return { json: { half: report }, lines: halfLines(report, bytes + sealLength) };
}
