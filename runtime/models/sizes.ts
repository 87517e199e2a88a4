import { elements } from './tensors.js';
import type { Message } from './wire.js';

/** Elements of the largest tensor that a constant may ask for: 1 GiB in floats. */
const mostElements = 2 ** 28;
/** How many times as large, along one axis, a constant may make a tensor. */
const mostTimes = 1024;
/** Sizes of windows, strides, dilations and margins. */
const mostWindow = 65_536;

/** The inputs that hold sizes, by operator and position. */
const sizes: Readonly<Record<string, number>> = { ConstantOfShape: 0, Expand: 1, Reshape: 1, OneHot: 1, Upsample: -1 };
/** Attributes that hold sizes of windows and margins. */
const windows = ['kernel_shape', 'strides', 'dilations', 'pads', 'output_padding', 'output_shape', 'blocksize'];

/**
 * Whether an operator asks, by constants, for a tensor out of all proportion; and why. What it computes from its input's own size is
 * in proportion to that.
 * @param constant small constants by name
 */
export function isTooLarge(node: Message, constant: (name: string) => readonly number[] | undefined): string | null {
  const op = node.text('op_type');
  const inputs = node.texts('input');
  const at = (k: number): readonly number[] => constant(inputs[k] ?? '') ?? [];
  const shape = sizes[op];
  if (shape !== undefined && shape >= 0) {
    const asked = at(shape).map((n) => (n === -1 || n === 0 ? 1 : n));
    const count = elements(asked);
    if (count === null || count > mostElements) return `asks for the shape [${at(shape).join(', ')}]`;
  }
  if (op === 'Tile') {
    const times = at(1);
    if (tooMany(times, mostTimes)) return `repeats [${times.join(', ')}] times`;
  }
  if (op === 'Resize' || op === 'Upsample') {
    const scales = at(op === 'Resize' && inputs.length > 2 ? 2 : 1);
    if (tooMany(scales, mostTimes)) return `makes its input [${scales.join(', ')}] times as large`;
    const asked = op === 'Resize' ? at(3) : [];
    if ((elements(asked) ?? Number.POSITIVE_INFINITY) > mostElements) return `asks for the size [${asked.join(', ')}]`;
  }
  if (op === 'Range') {
    const [start, limit, delta] = [at(0)[0], at(1)[0], at(2)[0] ?? 1];
    const count = ((limit ?? 0) - (start ?? 0)) / delta;
    if (!(Math.abs(count) <= mostElements)) return `counts from ${start ?? 0} to ${limit ?? 0} by ${delta}`;
  }
  if (op === 'Pad' && at(1).some((n) => Math.abs(n) > mostWindow)) return `adds margins of [${at(1).join(', ')}]`;
  for (const attribute of node.messages('attribute')) {
    const name = attribute.text('name');
    if (name === 'scales' && op === 'Upsample' && attribute.numbers('floats').count > mostTimes)
      return 'has too many scales';
    if (!windows.includes(name)) continue;
    const values = attribute.has('i') ? [attribute.int('i') as number] : attribute.numbers('ints').first;
    if (values.some((n) => Math.abs(n) > mostWindow)) return `has ${name} [${values.join(', ')}]`;
  }
  return null;
}

const tooMany = (times: readonly number[], most: number): boolean =>
  times.some((n) => !(n <= most)) || times.reduce((product, n) => product * Math.max(1, n), 1) > most * most;
