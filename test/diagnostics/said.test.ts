import { expect, it } from 'vitest';
import { pageOf } from '../../compiler/diagnostics/explain.js';
import { codes } from '../../compiler/diagnostics/index.js';
import { load } from '../../compiler/index.js';
import { say } from '../../grammar/say.js';
import { specOf } from './examples.js';
import { samples } from './said.js';

type Words = Record<string, (told: never) => { readonly code: string }>;

/** Names every message that is given from now on, `wrong-type.number`. */
function listen(): Set<string> {
  const heard = new Set<string>();
  for (const words of Object.values(say as unknown as Record<string, Words>)) {
    for (const [name, message] of Object.entries(words)) {
      words[name] = (told) => {
        const said = message(told);
        heard.add(`${said.code}.${name}`);
        return said;
      };
    }
  }
  return heard;
}

/** Messages that no text gives: the first of a command's words or a target, the others of operators that passes use amiss. */
const elsewhere = [
  // test/cli
  'unknown-level.network',
  'unknown-mode.network',
  'not-in-target.kernel',
  'not-in-target.layers',
  'not-trainable-in-target.layers',
  // test/ops/refusals.test.ts
  'no-inputs.tensor',
  'bad-argument.amount',
  'bad-argument.positive',
  'bad-argument.padding',
  'bad-argument.internal',
  'shape-mismatch.rank',
  'shape-mismatch.image',
  'shape-mismatch.channels',
  'shape-mismatch.internal',
  'shape-mismatch.concat',
];

const heard = listen();

it.each(Object.keys(samples))('%s is said', (message) => {
  heard.clear();
  const { text, set, resolve } = samples[message]!;
  load(text, { set, resolve });
  expect([...heard]).toContain(message);
});

it('has a sample for every message that a page gives no example of', () => {
  heard.clear();
  for (const code of codes) {
    const { text, options } = specOf(pageOf(code)!.wrong);
    load(text, options);
  }
  const kebab = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const all = Object.entries(say).flatMap(([kind, words]) =>
    Object.keys(words).map((name) => `${kebab(kind)}.${name}`),
  );
  const known = new Set([...heard, ...Object.keys(samples), ...elsewhere]);
  expect(all.filter((message) => !known.has(message))).toEqual([]);
  expect(elsewhere.filter((message) => heard.has(message) || message in samples)).toEqual([]);
});
