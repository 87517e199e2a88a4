import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { languageOps } from '../../compiler/1-elaborate/operators.js';
import {
  countMacs,
  countParameters,
  deploy,
  describeRules,
  executionPlan,
  load,
  nextValid,
  receptiveFields,
  sizeRules,
  specializeGraph,
} from '../../compiler/index.js';
import { opOf } from '../../compiler/ops/index.js';
import { cases } from '../cases.js';

/** Everything that `plan` and hover ask of a spec, at the smallest size it takes. */
function planned(text: string): readonly string[] {
  const { network, diagnostics } = load(text);
  if (network === null) {
    expect(diagnostics.some((d) => d.severity === 'error')).toBe(true);
    return diagnostics.map((d) => d.code);
  }
  const graph = deploy(network);
  for (const { size } of receptiveFields(graph).values()) expect(size.every(Number.isSafeInteger)).toBe(true);
  const rules = sizeRules(network);
  describeRules(rules);
  const sizes = Object.fromEntries(Object.entries(rules).map(([symbol, rule]) => [symbol, nextValid(rule, 1)]));
  if (Object.values(sizes).every((n) => n !== null)) {
    const bound = specializeGraph(graph, { ...(sizes as Record<string, number>), N: 1 });
    executionPlan(bound);
    countMacs(bound);
    countParameters(bound);
  }
  return [];
}

const spec = (call: string, input = 'N, 4, H, W'): string => `network A {
  input image: f32[${input}]
  let y = image |> ${call}
  head S = y |> conv(1, kernel: 1) |> sigmoid
}`;

const numeric = languageOps.flatMap((op) =>
  (opOf(op).language?.args ?? [])
    .filter((a) => typeof a.type === 'string' && ['int', 'ints', 'padding'].includes(a.type))
    .map((a) => ({ op, name: a.name })),
);

/** The call with this argument, and the others that it can't do without. */
function call(op: (typeof languageOps)[number], name: string, value: string): string {
  const others = (opOf(op).language?.args ?? []).filter((a) => a.default === undefined && a.name !== name);
  return `${op}(${[...others.map((a) => `${a.name}: 2`), `${name}: ${value}`].join(', ')})`;
}

describe('a number that nobody means', () => {
  const huge = ['1000000000', '[1000000000, 1]', '[1, 2000000]', '9007199254740991', '1048577'];
  it.each(numeric)('as $name of $op is refused in a moment', ({ op, name }) => {
    for (const value of huge) expect(planned(spec(call(op, name, value)))).not.toEqual([]);
  });

  it.each(numeric)('but one within bounds, as $name of $op, is refused or planned in a moment', ({ op, name }) => {
    for (const value of ['1048576', '65536', '4096', '1023']) planned(spec(call(op, name, value)));
  });

  it('as an input dimension is refused', () => {
    for (const dims of ['N, 1000000000, H, W', 'N, 1, 1000000000, 4', '1000000000, 1, H, W'])
      expect(planned(spec('relu', dims))).toEqual(['out-of-range']);
  });

  it('is refused where only a chain of operators makes it', () => {
    expect(planned(spec('maxpool(5000) |> maxpool(5000)'))).toEqual(['size-too-large']);
    expect(planned(spec('upsample(5000) |> upsample(5000)'))).toEqual(['size-too-large']);
    expect(planned(spec('conv(1000000) |> conv(1000000)'))).toEqual(['size-too-large']);
    expect(planned(spec(Array.from({ length: 40 }, () => 'maxpool(2)').join(' |> ')))).toEqual(['size-too-large']);
  });

  it('never ends in an error of ours, whatever operators follow each other', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 21 }).map((k) => 2 ** k - (k % 3)),
    );
    const step = fc
      .tuple(fc.constantFrom('maxpool', 'avgpool', 'upsample', 'pad', 'crop', 'conv', 'conv_transpose'), size, size)
      .map(([op, a, b]) =>
        op === 'conv'
          ? `conv(2, kernel: ${a}, stride: ${b}, padding: valid)`
          : op === 'conv_transpose'
            ? `conv_transpose(2, kernel: ${a}, stride: ${b}, padding: valid)`
            : `${op}(${a})`,
      );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        planned(spec(steps.join(' |> ')));
      }),
      cases(100),
    );
  });
});
