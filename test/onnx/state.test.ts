import { expect, test } from 'vitest';
import { StepState } from '../../runtime/engines/onnxruntime/state.js';

const start = new Map([
  ['parameters', Float32Array.of(1, 2, 3)],
  ['m', Float32Array.of(4, 5, 6)],
  ['statistics', Float32Array.of(7)],
]);
const views = [
  { name: 'parameters:1', of: 'parameters', offset: 1, length: 2 },
  { name: 'parameters.0', next: 'parameters.0_next', of: 'parameters', offset: 0, length: 3 },
  { name: 'm.0', next: 'm.0_next', of: 'm', offset: 0, length: 3 },
];
const numbers = (tensors: Record<string, { data: unknown }>, name: string): number[] =>
  Array.from(tensors[name]?.data as Float32Array);

test.each([true, false])('a step reads what the one before it wrote (in place: %s)', (inPlace) => {
  const state = new StepState(start, views, inPlace);
  for (let step = 1; step <= 3; step++) {
    const read = state.inputs();
    expect(Object.keys(read)).toEqual(['parameters:1', 'parameters.0', 'm.0']);
    const before = numbers(read, 'parameters.0');
    const out = state.outputs();
    expect(Object.keys(out)).toEqual(['parameters.0_next', 'm.0_next']);
    const write = (name: string, values: readonly number[]): void =>
      (out[name]?.data as Float32Array | undefined)?.set(values);
    write(
      'parameters.0_next',
      before.map((v) => v + 10),
    );
    expect(numbers(read, 'parameters.0')).toEqual(inPlace ? before.map((v) => v + 10) : before);
    write('m.0_next', [step, step, step]);
    state.advance();
    expect(numbers(state.inputs(), 'parameters:1')).toEqual([2 + 10 * step, 3 + 10 * step]);
    expect(Array.from(state.copy('m'))).toEqual([step, step, step]);
  }
  expect(Array.from(state.copy('statistics'))).toEqual([7]);
  expect(Array.from(start.get('parameters') as Float32Array), 'what it was given').toEqual([1, 2, 3]);
});
