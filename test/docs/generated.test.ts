import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageText, root } from './fences.js';
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
