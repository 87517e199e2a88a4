import { describe, expect, it } from 'vitest';
import { num } from '../../compiler/ir/dim.js';
import type { Attrs, TensorType } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { opOf } from '../../compiler/ops/index.js';
import { isRefusal } from '../../compiler/ops/op.js';

const type = (...shape: number[]): TensorType => ({ dtype: 'f32', shape: shape.map(num) });

function macs(op: OpName, attrs: Attrs, ...inputs: TensorType[]): number {
  const inferred = opOf(op).infer(attrs, inputs);
  if (isRefusal(inferred)) throw new Error(inferred.message);
  return opOf(op).macs!(attrs, inputs, inferred.outputs);
}

/** Two 3x3 convolutions a node, upsampling that keeps channels, a 1x1 head for each level. */
function nested(widths: readonly number[], level: number, size: number): number {
  let total = 0;
  const at = (channels: number, i: number) => type(1, channels, size / 2 ** i, size / 2 ** i);
  for (let i = 0; i <= level; i++) {
    for (let j = 0; j <= level - i; j++) {
      const first = i === 0 ? 3 : widths[i - 1]!;
      const incoming = j === 0 ? first : j * widths[i]! + widths[i + 1]!;
      const attrs = { channels: widths[i]!, kernel: 3, padding: 'same' };
      total += macs('conv', attrs, at(incoming, i)) + macs('conv', attrs, at(widths[i]!, i));
    }
  }
  return total + macs('conv', { channels: 1, kernel: 1 }, at(widths[0]!, 0));
}

describe('multiply-accumulates', () => {
  it('of UNet++ 32..512 in the nearest form at 3x256x256 are those published', () => {
    const giga = [1, 2, 3, 4].map((level) => nested([32, 64, 128, 256, 512], level, 256) / 1e9);
    const due = [3.98, 10.3, 20.3, 34.5];
    for (const [k, value] of giga.entries()) expect(Math.abs(value - due[k]!)).toBeLessThan(0.05);
  });

  it('count groups, strides and batch', () => {
    const attrs = { channels: 8, kernel: [3, 3], stride: 2, padding: 'same', groups: 2 };
    expect(macs('conv', attrs, type(5, 4, 8, 8))).toBe(5 * 8 * 16 * 2 * 9);
    expect(macs('conv_transpose', { channels: 3, kernel: 2, stride: 2 }, type(5, 4, 8))).toBe(5 * 4 * 8 * 3 * 2);
  });

  it('of a gradient equal those of its convolution', () => {
    const attrs = { channels: 8, kernel: 3, stride: 2, padding: 'same', groups: 2 };
    const x = type(5, 4, 8, 8);
    const y = type(5, 8, 4, 4);
    const due = macs('conv', attrs, x);
    expect(macs('conv_input_grad', { ...attrs, shape: [5, 4, 8, 8] }, y, type(8, 2, 3, 3))).toBe(due);
    expect(macs('conv_filter_grad', { ...attrs, shape: [8, 2, 3, 3] }, x, y)).toBe(due);
  });
});
