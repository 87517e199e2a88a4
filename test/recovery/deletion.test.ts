import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkSpecs } from '../../testing/index.js';
import { cases } from '../cases.js';
import { type Deletion, kept, presets, show, tokensOf, without } from './deletion.js';

const page = fileURLToPath(new URL('../../docs/recovery.md', import.meta.url));

describe('one deleted token', () => {
  const answers = presets.map(({ name, text }) => ({
    name,
    deletions: tokensOf(text).map((token) => without(text, token)),
  }));
  const all = answers.flatMap(({ deletions }) => deletions);

  test('of any preset: what does not read gets at most three diagnostics, the first within two lines', () => {
    expect(all.filter((d) => !d.reads && !kept(d)).map(show)).toEqual([]);
    // Nothing that does not read passes for right.
    expect(all.filter((d) => !d.reads && d.diagnostics.length === 0).map(show)).toEqual([]);
  });

  test('of any preset: what still reads says another network, whose mistakes are as few', () => {
    expect(all.filter((d) => d.reads && d.diagnostics.length > 3).map(show)).toEqual([]);
  });

  test('of any generated network', () => {
    fc.assert(
      fc.property(networkSpecs(), fc.nat(), (text, n) => {
        const tokens = tokensOf(text);
        const deletion = without(text, tokens[n % tokens.length]!);
        if (!deletion.reads && !kept(deletion)) throw new Error(show(deletion));
      }),
      cases(300),
    );
  });

  test('docs/recovery.md is the distribution (UPDATE=1 writes it)', () => {
    const text = pageText(answers);
    if (process.env.UPDATE === '1') writeFileSync(page, text);
    expect(existsSync(page) ? readFileSync(page, 'utf8') : '').toBe(text);
  });
});

function pageText(answers: readonly { readonly name: string; readonly deletions: readonly Deletion[] }[]): string {
  const all = answers.flatMap(({ deletions }) => deletions);
  const unread = all.filter((d) => !d.reads);
  const read = all.filter((d) => d.reads);
  const beyond = answers.flatMap(({ name, deletions }) =>
    deletions
      .filter((d) => !kept(d))
      .map((d) => {
        const codes = [...new Set(d.diagnostics.map((x) => x.code))].join(', ');
        return `| ${name} | ${d.line} | \`${d.token}\` | ${d.diagnostics.length} | ${d.distance} | ${codes} |`;
      }),
  );
  return [
    '# One deleted token',
    '',
    '<!-- Written by test/recovery/deletion.test.ts: UPDATE=1 npx vitest run test/recovery -->',
    '',
    `Every token of every spec in \`specs/\` is deleted in turn, ${all.length} texts in all. \`unetc check\` answers every one`,
    'with at most three diagnostics, and where the rest does not parse, the first of them is within two lines of the deletion: the test holds it to both.',
    'Where it still parses, it says another network (`f32[N, 3, H]` is one of one dimension, `[32, 64]` one level fewer than `[32, 64, 128]`):',
    'nothing is wrong where the token was, and what is said is where the text contradicts itself, mostly an `expect` that no longer holds.',
    '',
    '| number of diagnostics | 0 | 1 | 2 | 3 | more |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    `| does not parse (${unread.length}) | ${counts(unread, (d) => d.diagnostics.length, 0)} |`,
    `| still parses (${read.length}) | ${counts(read, (d) => d.diagnostics.length, 0)} |`,
    '',
    '| lines to the first | 0 | 1 | 2 | more |',
    '| --- | ---: | ---: | ---: | ---: |',
    `| does not parse | ${counts(unread, (d) => d.distance, 0, 2)} |`,
    `| still parses, and is wrong | ${counts(read, (d) => d.distance, 0, 2)} |`,
    '',
    `## Further away than two lines: ${beyond.length} that still parse`,
    '',
    '| spec | line | deleted | diagnostics | lines away | what |',
    '| --- | ---: | --- | ---: | ---: | --- |',
    ...beyond,
    '',
  ].join('\n');
}

/** How many have each number up to `last`, and how many a larger one. */
function counts(list: readonly Deletion[], of: (d: Deletion) => number | null, first: number, last = 3): string {
  const numbers = list.map(of).filter((n) => n !== null);
  const cells = Array.from({ length: last - first + 1 }, (_, k) => numbers.filter((n) => n === first + k).length);
  return [...cells, numbers.filter((n) => n > last).length].join(' | ');
}
