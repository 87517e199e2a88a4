import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { fileFailure } from '../../support/files/failure.js';
import { type DataFiles, named } from './sample.js';

/** Whether a path names a list of samples by its ending. */
export const isList = (path: string): boolean => /\.(csv|tsv|json|jsonl)$/i.test(path);

/** One line of a list. */
type Row = Readonly<Record<string, unknown>>;

const names = {
  image: ['image', 'images', 'img', 'image_path', 'path', 'file'],
  mask: ['mask', 'masks', 'label', 'labels', 'seg', 'segmentation', 'mask_path'],
  split: ['split', 'fold', 'set', 'subset'],
  group: ['group', 'patient', 'patient_id', 'subject', 'case'],
} as const;

/**
 * A list of samples: CSV or TSV with a line of column names, JSON (an array, or `{"training": [...], "validation": [...]}`
 * as the Decathlon has it), or a JSON object a line. Columns: `image` (several, for channels, apart by `;`), `mask`, and
 * optional `split` and `group`. Paths are relative to the list.
 *
 * @throws UserError naming the line
 */
export async function listOf(file: string): Promise<DataFiles> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    throw fileFailure('read', file, error);
  }
  const rows = rowsOf(file, text);
  if (rows.length === 0) throw new UserError('images-empty', `${file} lists no image`, 'one line a sample');
  const folder = dirname(file);
  const samples = rows.map((row, k) => {
    const where = `${file}, sample ${k + 1}`;
    const images = pathsOf(row, names.image);
    const masks = pathsOf(row, names.mask);
    if (images.length === 0) {
      const hint = 'a list has the columns image and mask, and may have split and group';
      throw new UserError('list-image', `${where} has no image`, hint);
    }
    if (masks.length !== 1) {
      const hint = 'one mask of class numbers a sample; for a folder a class use images/ and masks/<class>/';
      throw new UserError(
        'list-mask',
        `${where} has ${masks.length === 0 ? 'no mask' : `${masks.length} masks`}`,
        hint,
      );
    }
    const at = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
    const split = textOf(row, names.split);
    const group = textOf(row, names.group);
    return {
      id: images[0]!.replace(/^\.\//, '').normalize('NFC'),
      images: images.map(at),
      masks: masks.map(at),
      ...(split ? { split } : {}),
      ...(group ? { group } : {}),
    };
  });
  return { layout: `the list ${file}`, samples: named(samples), classFolders: [], unusedMasks: [] };
}

function rowsOf(file: string, text: string): Row[] {
  if (/\.(csv|tsv)$/i.test(file)) return tableOf(file, text, /\.tsv$/i.test(file) ? '\t' : undefined);
  const parse = (json: string, where: string): unknown => {
    try {
      return JSON.parse(json);
    } catch (error) {
      throw new UserError('list-json', `${where} is no JSON (${(error as Error).message})`, 'mend the list');
    }
  };
  const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
  const check = (rows: unknown, where: string): Row[] => {
    if (Array.isArray(rows) && rows.every(isRow)) return rows;
    throw new UserError('list-json', `${where} is no list of objects`, 'as in [{"image": "a.png", "mask": "b.png"}]');
  };
  if (/\.jsonl$/i.test(file)) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    return check(
      lines.map((line, k) => parse(line, `${file}, line ${k + 1}`)),
      file,
    );
  }
  const value = parse(text, file);
  if (!isRow(value)) return check(value, file);
  const parts = [
    ['training', 'train'],
    ['train', 'train'],
    ['validation', 'val'],
    ['val', 'val'],
  ] as const;
  // Tests of the Decathlon are bare paths without labels: nothing to learn from or to judge by.
  const found = parts.filter(([key]) => key in value);
  if (found.length === 0) return check(null, file);
  return found.flatMap(([key, split]) => check(value[key], `${file}, ${key}`).map((row) => ({ split, ...row })));
}

/** RFC 4180, with a comma, semicolon or tab between fields: whichever its first line has most of. */
function tableOf(file: string, text: string, tab?: string): Row[] {
  const head = text.split(/\r?\n/, 1)[0] ?? '';
  const count = (mark: string): number => head.split(mark).length;
  const mark = tab ?? [',', ';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best));
  const lines: string[][] = [[]];
  let field = '';
  let quoted = false;
  let wasQuoted = false;
  const end = (): void => {
    lines.at(-1)!.push(wasQuoted ? field : field.trim());
    field = '';
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"' && field.trim() === '') {
      quoted = true;
      wasQuoted = true;
      field = '';
    } else if (c === mark) end();
    else if (c === '\n') {
      end();
      lines.push([]);
    } else if (c !== '\r') field += c;
  }
  if (quoted) throw new UserError('list-csv', `${file} has a quote without its end`, 'close it with "');
  end();
  const [header, ...rows] = lines.filter((line) => line.some((value) => value !== ''));
  const columns = (header ?? []).map((name) => name.trim().toLowerCase());
  if (!columns.some((name) => (names.image as readonly string[]).includes(name))) {
    throw new UserError(
      'list-csv',
      `${file} has no column image, but ${columns.join(', ') || 'none'}`,
      'its first line names the columns: image, mask, and optional split and group',
    );
  }
  return rows.map((row) => Object.fromEntries(columns.map((name, k) => [name, row[k] ?? ''])));
}

function cellOf(row: Row, keys: readonly string[]): unknown {
  for (const [key, value] of Object.entries(row)) if (keys.includes(key.toLowerCase()) && value !== '') return value;
  return undefined;
}

const textOf = (row: Row, keys: readonly string[]): string | undefined => {
  const value = cellOf(row, keys);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

function pathsOf(row: Row, keys: readonly string[]): string[] {
  const value = cellOf(row, keys);
  const all = Array.isArray(value) ? value : typeof value === 'string' ? value.split(';') : [];
  return all
    .filter((path): path is string => typeof path === 'string' && path.trim() !== '')
    .map((path) => path.trim());
}
