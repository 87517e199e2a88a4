import type { Window } from '../../../ops/spatial.js';
import { product } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';
import { type BlockedConv, blocked, blockedWhole, pays, plain } from './blocked.js';

/*
 * A transposed convolution with stride s as s convolutions along each dimension, one for each remainder that a position of the result can leave:
 *
 *   y[s q + r - crop] = sum over v of x[q - v] * w[r + s v]
 *
 * each blocked (blocked.ts), and their outputs interleaved, which in blocks moves runs of a block, then rows. ONNX Runtime's own operator multiplies
 * first and then adds columns into place, on one thread. Where a phase has one tap only (a kernel as large as its stride) nothing is added, and the operator
 * takes as long: 32 and 30 ms of a U-Net's step at 256 x 256. Those stay what they are.
 */

/** The convolution of one remainder along one dimension. */
interface Phase {
  /** Taps of the kernel in the order they are read. */
  readonly taps: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** For each dimension its phases, or null where they would need a crop or differ in size. */
export function phasesOf(size: readonly number[], out: readonly number[], window: Window): Phase[][] | null {
  const { kernel, stride, begin, dilation } = window;
  const all = size.map((n, i) => {
    const [k, s, o] = [kernel[i] as number, stride[i] as number, out[i] as number];
    if (k % s !== 0 || o % s !== 0 || dilation[i] !== 1) return null;
    const reads = k / s;
    return Array.from({ length: s }, (_, p): Phase => {
      const at = p + (begin[i] as number);
      const [first, rest] = [Math.floor(at / s), at % s];
      const taps = Array.from({ length: reads }, (_, m) => rest + s * (reads - 1 - m));
      return { taps, begin: reads - 1 - first, end: o / s + first - n };
    });
  });
  const fits = all.every((phases) => phases?.every(({ begin, end }) => begin >= 0 && end >= 0));
  return fits ? (all as Phase[][]) : null;
}

/** (x, w[, bias]) -> y of sizes [N, O, ...out], or null where it can't be blocked or isn't worth it. */
export function byPhases(to: LoweringContext, out: readonly number[], window: Window): string | null {
  const { model } = to;
  const { block } = model;
  if (block === 0 || to.spatialRank() !== 2 || window.kernel.every((k, i) => k <= (window.stride[i] as number)))
    return null;
  const [n, channels, ...size] = to.shape(0) as [number, number, ...number[]];
  const filters = to.shape(1)[1] as number;
  const sizes: BlockedConv = { channels, filters, window, groups: 1, positions: n * product(out) };
  const phases = phasesOf(size, out, window);
  if (!phases || channels % block !== 0 || !pays(model, sizes)) return null;
  const weights = blockedTaps(to);
  const image = blocked(model, to.input(0), channels);
  const [rows, columns] = phases as [Phase[], Phase[]];
  const [height, width] = window.stride.map((s, i) => (out[i] as number) / s) as [number, number];
  const groups = (n * filters) / block;
  const inTurn = (parts: readonly string[], shape: readonly number[], axis: number): string => {
    const shaped = parts.map((part) => model.node('Reshape', [part, model.ints(shape)]));
    return shaped.length === 1 ? (shaped[0] as string) : model.node('Concat', shaped, { axis });
  };
  const bands = rows.map((row) => {
    const parts = columns.map((column) => {
      const order = row.taps.flatMap((a) => column.taps.map((b) => a * (window.kernel[1] as number) + b));
      const own = model.node('Reshape', [
        model.node('Gather', [weights, model.ints(order)], { axis: 2 }),
        model.ints([filters, channels, row.taps.length, column.taps.length]),
      ]);
      const kernel = [row.taps.length, column.taps.length];
      const one = {
        ...{ kernel, stride: [1, 1], dilation: [1, 1] },
        ...{ begin: [row.begin, column.begin], end: [row.end, column.end] },
      };
      return blockedWhole(model, image, own, one, to.inputs.slice(2));
    });
    return inTurn(parts, [groups, height, width, 1, block], 3);
  });
  const whole = inTurn(bands, [groups, height, 1, width * columns.length * block], 2);
  return plain(model, model.node('Reshape', [whole, model.ints([n, filters, ...out])]), filters);
}

/** Weights [C, O, ...kernel] as [O / block, C / block, taps, block of C, block of O]. */
function blockedTaps(to: LoweringContext): string {
  const { model } = to;
  const { block } = model;
  const [channels, filters, ...kernel] = to.shape(1) as [number, number, ...number[]];
  const split = [channels / block, block, filters / block, block, product(kernel)];
  const listed = model.node('Reshape', [to.input(1), model.ints(split)]);
  return model.node('Transpose', [listed], { perm: [2, 0, 4, 1, 3] });
}
