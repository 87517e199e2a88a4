import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { load } from '../../compiler/index.js';

const text = readFileSync('specs/unetpp-bn.unet', 'utf8');

it('does not hold a spec to its stated facts, levels among them, under other params', () => {
  expect(load(text, { set: { width: '[4, 6, 8]' } }).diagnostics).toEqual([]);
});

it('holds it to them as written', () => {
  const wrong = load(text.replace('9_163_428', '9_163_427'));
  expect(wrong.diagnostics.map((d) => d.code)).toEqual(['expect-failed']);
  expect(wrong.diagnostics[0]?.message).toContain('9163428');
});
