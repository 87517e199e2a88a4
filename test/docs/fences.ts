import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a page: ```` ```unet item fails=cycle ````. */
export interface Fence {
  /** The page, relative to the project. */
  readonly page: string;
  /** Where the fence begins, from 1. */
  readonly line: number;
  /** What stands behind the backticks. */
  readonly info: string;
  /** Its first word; empty without one. */
  readonly language: string;
  /** The other words: `item` -> true, `fails=cycle` -> 'cycle'. */
  readonly words: Readonly<Record<string, string | true>>;
  readonly text: string;
}

/** The fences of a page, in order. A fence within a list is read without its indentation. */
export function fencesOf(page: string, text: string): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; indent: number; info: string; lines: string[] } | null = null;
  for (const [k, line] of text.split('\n').entries()) {
    const mark = /^( *)```(.*)$/.exec(line);
    if (open !== null && mark?.[2] === '') {
      const [language = '', ...words] = open.info.split(/\s+/);
      const pairs = words.map((w) => (w.includes('=') ? (w.split('=') as [string, string]) : ([w, true] as const)));
      const body = open.lines.map((l) => l.slice(Math.min(open?.indent ?? 0, l.length - l.trimStart().length)));
      fences.push({
        page,
        line: open.line,
        info: open.info,
        language,
        words: Object.fromEntries(pairs),
        text: body.join('\n'),
      });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (mark)
      open = { line: k + 1, indent: (mark[1] as string).length, info: (mark[2] as string).trim(), lines: [] };
  }
  if (open !== null) throw new Error(`${page}:${open.line}: this fence is never closed`);
  return fences;
}

export const pageText = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The Markdown files of a folder of the project and of those below it, as paths from the project. */
export const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split('\\').join('/')}`)
    .filter((name) => name.endsWith('.md'))
    .sort();
