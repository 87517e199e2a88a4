import * as v from 'valibot';

/** JSON that is input, from a folder or a file of anybody's: parsed without surprises, and checked against a schema. */

/** What is wrong with it, for people: `recipe.optimizer.lr: expected number, found null`. */
export class Mismatch extends Error {}

/** Keys that change what an object inherits where they are copied by assignment. */
const reserved = new Set(['__proto__', 'constructor', 'prototype']);
/** Deeper than anything that is written. */
const deepest = 64;

/**
 * Parses JSON.
 * @throws Mismatch if it is none, is nested deeper than 64, or has a key such as `__proto__`
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Mismatch('it is not JSON');
  }
  const open: { readonly value: unknown; readonly path: readonly string[] }[] = [{ value, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.path.length > deepest)
      throw new Mismatch(`${shown(next.path.slice(0, 3))}: nested deeper than ${deepest}`);
    for (const [key, inner] of Object.entries(next.value)) {
      if (reserved.has(key)) throw new Mismatch(`${shown([...next.path, key])}: a key that is not allowed`);
      open.push({ value: inner, path: [...next.path, key] });
    }
  }
  return value;
}

/**
 * The value itself, now known to be what the schema describes: its keys keep their order, and those that the schema does not
 * know are kept, since a newer version may have written them.
 * @throws Mismatch naming the first field that is wrong
 */
export function checked<S extends v.GenericSchema>(schema: S, value: unknown): v.InferInput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return value as v.InferInput<S>;
  throw new Mismatch(explained(result.issues[0]));
}

function explained(issue: v.BaseIssue<unknown>): string {
  const path = shown((issue.path ?? []).map((item) => String(item.key)));
  // Of a union the issue says little; the field that fails in the alternative that came closest says more.
  if (issue.received === 'undefined') return `${path} is missing`;
  const due = issue.kind === 'schema' ? `expected ${issue.expected ?? issue.type}` : issue.message;
  return `${path}: ${due}, found ${short(issue.received)}`;
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text).replace(/\p{Cc}/gu, '?');

/** `task.axes[0].modulus`; the whole for the top. */
function shown(path: readonly string[]): string {
  const text = path
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'the whole' : short(text);
}

/** Parts of schemas. */

export const finite = v.pipe(v.number(), v.finite('expected a finite number'));

export const integer = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.safeInteger('expected a whole number'),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );

/** A name that is shown to people: no control characters, which a terminal would obey. */
export const name = v.pipe(
  v.string(),
  v.minLength(1, 'expected a name'),
  v.maxLength(1000, 'expected at most 1000 characters'),
  v.regex(/^[^\p{Cc}]*$/u, 'expected no control characters'),
);

export const sha256 = v.pipe(v.string(), v.regex(/^[\da-f]{64}$/, 'expected a SHA-256 in hex'));

/** A list of at most so many. */
export const list = <S extends v.GenericSchema>(of: S, most: number) =>
  v.pipe(v.array(of), v.maxLength(most, `expected at most ${most}`));
