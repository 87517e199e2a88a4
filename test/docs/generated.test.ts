import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { languageOps } from '../../compiler/1-elaborate/operators.js';
import { pagesIn, pageText, root } from './fences.js';
import { operatorPages } from './operator-pages.js';
import { shown } from './operators.js';
import { regions } from './regions.js';

const update = process.env.UPDATE === '1';

describe('tables of the language pages are what the compiler knows (UPDATE=1 writes them)', () => {
  it.each(regions)('%s: %s', (page, name, due) => {
    const text = pageText(page);
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end);
    expect(text.includes(begin) && to >= from, `${page} has the marks of ${name}`).toBe(true);
    if (update) writeFileSync(join(root, page), `${text.slice(0, from)}${due}\n${text.slice(to)}`);
    else expect(text.slice(from, to)).toBe(`${due}\n`);
  });
});

describe('pages of operators are what compiler/ops/ says (UPDATE=1 writes them)', () => {
  it('has every operator of the language, and no other', () => {
    expect(Object.keys(shown).sort()).toEqual([...languageOps].sort());
  });

  const due = operatorPages();
  it('has no page too many', () => {
    const stale = pagesIn('docs/operators').filter((page) => !due.has(page));
    if (update) for (const page of stale) rmSync(join(root, page));
    else expect(stale).toEqual([]);
  });

  it.each([...due])('%s', (page, text) => {
    const file = join(root, page);
    if (update) writeFileSync(file, text);
    expect(existsSync(file) && pageText(page)).toBe(text);
  });
});
