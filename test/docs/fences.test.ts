import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Fence, fencesOf, pagesIn, pageText, root } from './fences.js';
import { canonical, compile, isWhole } from './specs.js';
import { valuesOf } from './values.js';

/** Pages for people who write specs. Every example on them is compiled. */
const pages = [
  'README.md',
  'docs/tutorial.md',
  'docs/newcomer.md',
  ...pagesIn('docs/language'),
  ...pagesIn('docs/operators'),
];

/** Languages of fences that hold nothing to compile. */
const otherLanguages = ['sh', 'js', 'text'];
/** What only the tutorial may have, whose own test runs them. */
const runLanguages = ['console', 'diff'];

/** What a diagnostic says, without its place. */
const said = (d: { severity: string; code: string; message: string; hints: readonly string[] }): string =>
  [`${d.severity}[${d.code}]: ${d.message}`, ...d.hints.map((h) => `  help: ${h}`)].join('\n');

const wordsOf = (value: string | true | undefined): string[] => (typeof value === 'string' ? value.split(',') : []);

/** Compares what stands in a fence with what should; UPDATE=1 writes answers and values into the page. */
function compare(fence: Fence, due: string): void {
  if (process.env.UPDATE !== '1') {
    expect(fence.text).toBe(due);
    return;
  }
  const opening = `\`\`\`${fence.info}`;
  const was = `${opening}\n${fence.text}\n\`\`\``;
  writeFileSync(
    join(root, fence.page),
    pageText(fence.page).replace(was, () => `${opening}\n${due}\n\`\`\``),
  );
}

describe.each(pages)('%s', (page) => {
  const fences = fencesOf(page, pageText(page));
  // A fence with `name=` is a file that those after it may import.
  const files = new Map<string, string>();
  for (const f of fences) if (typeof f.words.name === 'string') files.set(f.words.name, `${f.text}\n`);

  it('has a language for every fence', () => {
    const known = ['unet', ...otherLanguages, ...(page === 'docs/tutorial.md' ? runLanguages : [])];
    const strange = fences.filter((f) => !known.includes(f.language));
    expect(strange.map((f) => `${page}:${f.line}: ${f.language || 'no language'}`)).toEqual([]);
  });

  const specs = fences.filter((f) => f.language === 'unet' && !f.words.values);
  it.each(specs.map((f) => [f.line, f] as const))('line %i compiles, or fails as it says', (_, fence) => {
    const { errors, warnings } = compile(fence, files);
    expect([...new Set(errors.map((d) => d.code))], errors.map(said).join('\n')).toEqual(wordsOf(fence.words.fails));
    const warned = [...new Set(warnings.map((d) => d.code))];
    const expected = wordsOf(fence.words.warns);
    // A fragment need not use all that it shows, nor what it is read in: there only the warnings named are looked for.
    const shown = isWhole(fence) ? warned : expected.filter((code) => warned.includes(code));
    expect(shown, warnings.map(said).join('\n')).toEqual(expected);
    if (fence.words.fails === undefined && !fence.words.verbatim)
      expect(fence.text, 'in canonical form').toBe(canonical(fence));
    const answer = fences[fences.indexOf(fence) + 1];
    if (answer?.words.answer && isAnswerable(fence)) {
      compare(answer, [...errors, ...warnings.filter((d) => expected.includes(d.code))].map(said).join('\n'));
    }
  });

  const tables = fences.filter((f) => f.language === 'unet' && f.words.values);
  if (tables.length > 0) {
    it.each(tables.map((f) => [f.line, f] as const))('line %i has these values', (_, fence) => {
      compare(fence, valuesOf(fence.text));
    });
  }

  it('has an example of the mistake before every answer', () => {
    const orphans = fences.filter((f, k) => f.words.answer && !(fences[k - 1] && isAnswerable(fences[k - 1] as Fence)));
    expect(orphans.map((f) => `${page}:${f.line}`)).toEqual([]);
  });
});

const isAnswerable = (fence: Fence): boolean =>
  fence.language === 'unet' && (fence.words.fails !== undefined || fence.words.warns !== undefined);
