import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../specs');

/** The specs that people start from, by name. */
export const specs: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.unet'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);

export const starter = specs.get('starter.unet') as string;

/** A text with `¦` at a place: the text without it, and the place. */
export function marked(text: string): { text: string; offset: number } {
  const offset = text.indexOf('¦');
  if (offset < 0) throw new Error('no ¦ in the text');
  return { text: text.replace('¦', ''), offset };
}
