import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Section } from './engines.js';

/** What is checked, in the order of the columns. */
export const checks = [
  'operators',
  'gradients',
  'corners',
  'training step',
  'ten steps',
  'presets',
  '1-D and 3-D',
] as const;

export type Check = (typeof checks)[number];

const file = fileURLToPath(new URL('../../docs/backends.md', import.meta.url));

/** Counts what was tried on an engine, and what it can't do. */
export class Tally {
  readonly #counts = new Map<Check, { tried: number; passed: number }>();
  readonly #cannot = new Set<string>();
  missing: string | undefined;

  /** `run` answers whether the engine could do it at all. */
  async count(check: Check, run: () => Promise<boolean>): Promise<void> {
    const found = this.#counts.get(check) ?? { tried: 0, passed: 0 };
    this.#counts.set(check, found);
    found.tried++;
    if (await run()) found.passed++;
  }

  cannot(what: string): void {
    this.#cannot.add(what);
  }

  get unable(): ReadonlySet<string> {
    return this.#cannot;
  }

  cell(check: Check): string {
    const found = this.#counts.get(check);
    if (!found) return '';
    return found.passed === found.tried ? String(found.tried) : `${found.passed} of ${found.tried}`;
  }
}

/** As Markdown, without columns in which nothing was tried. */
export function tableOf(tallies: ReadonlyMap<string, Tally>): string {
  const used = checks.filter((check) => [...tallies.values()].some((t) => t.cell(check) !== ''));
  const rows = [...tallies].map(([name, t]) => [
    name,
    ...used.map((check) => t.cell(check)),
    t.missing === undefined ? [...t.unable].sort().join('; ') : `not run: ${t.missing}`,
  ]);
  return grid([['engine', ...used, 'cannot'], ...rows]);
}

function grid(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [head, ...body] = rows as [readonly string[], ...(readonly string[])[]];
  const rule = head.map((_, k) => (k === 0 || k === head.length - 1 ? '---' : '---:'));
  return [head, rule, ...body].map(line).join('\n');
}

/** The names of the engines in a table of docs/backends.md. */
export function documented(section: Section): string[] {
  const text = readFileSync(file, 'utf8');
  const rows = text.slice(...placeIn(text, section)).matchAll(/^\| ([^|]+?) \|/gm);
  return [...rows].map((m) => m[1] as string).slice(2);
}

/** Where a table lies in the document. */
function placeIn(text: string, section: Section): [number, number] {
  const [begin, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (!text.includes(begin) || to < from) throw new Error(`docs/backends.md has no table between ${begin} and ${end}`);
  return [from, to];
}

export function writeTable(section: Section, table: string): void {
  const text = readFileSync(file, 'utf8');
  const [from, to] = placeIn(text, section);
  writeFileSync(file, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}
