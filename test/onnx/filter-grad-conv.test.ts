import { expect, test } from 'vitest';
import { byExchange, exchange } from '../../compiler/5-emit/onnx/lowerings/filter-grad-conv.js';
import { resolveWindow } from '../../compiler/ops/spatial.js';
import { expectFilterGradients } from './any-filter-grad.js';

test('every way to exchange the operands of a filter gradient computes the same', () =>
  expectFilterGradients(2, (d, window) => {
    const { kernel, stride, dilation } = window;
    const image = stride.every((s) => s === 1) ? d.pick('x', 'dy') : 'x';
    const chosen = { image, grouped: d.pick(true, false) } as const;
    if (kernel.length === 3 && dilation[2] !== 1) return null;
    return { chosen, write: (to, shape) => byExchange(to, shape, window, chosen) };
  }));

const window = (attrs: object) => resolveWindow({ kernel: 3, padding: 'same', ...attrs }, 2);

test('the operand with more channels is the filters, where it may be', () => {
  expect(exchange([4, 96, 128, 128], [4, 16, 128, 128], window({}))).toEqual({ image: 'dy', grouped: true });
  expect(exchange([4, 16, 128, 128], [4, 96, 128, 128], window({}))).toEqual({ image: 'x', grouped: true });
  expect(exchange([4, 96, 128, 128], [4, 16, 64, 64], window({ stride: 2 }))).toEqual({ image: 'x', grouped: true });
  // More filters than products: all that is gathered would be written out.
  expect(exchange([4, 3, 128, 128], [4, 32, 128, 128], window({}))).toEqual({ image: 'dy', grouped: true });
  expect(exchange([4, 3, 128, 128], [4, 64, 64, 64], window({ stride: 2 }))).toBeNull();
});

test('a sample is a group only where that is less to sum', () => {
  expect(exchange([1, 16, 64, 64], [1, 16, 64, 64], window({}))?.grouped).toBe(false);
  expect(exchange([4, 256, 8, 8], [4, 256, 8, 8], window({}))?.grouped).toBe(false);
});
