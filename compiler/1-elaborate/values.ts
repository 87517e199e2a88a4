import type { RawValue } from './raw.js';

/** What an expression evaluates to. `poison` stands for a value whose mistake is reported already. */
export type Value =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | ListValue
  | { readonly kind: 'tensor'; readonly step: RawValue }
  | Poison;

/** What holds of all items, those of lists inside included, is noted when a list is made: lists may share items many times over. */
export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
  /** Items in all, those of lists inside included. */
  readonly total: number;
  /** 1 for a list without lists inside. */
  readonly height: number;
  readonly poisoned: boolean;
  readonly tensors: boolean;
}

export type Poison = { readonly kind: 'poison' };
export type NumberValue = Extract<Value, { kind: 'int' | 'float' }>;

export const poison: Poison = { kind: 'poison' };
export const int = (value: number): Value => ({ kind: 'int', value });
export const float = (value: number): Value => ({ kind: 'float', value });
export const bool = (value: boolean): Value => ({ kind: 'bool', value });
/** Lists that grow with the spec are made by `Evaluator.list`, which minds the limits. */
export function list(items: readonly Value[]): ListValue {
  let total = items.length;
  let height = 1;
  for (const item of items) {
    if (item.kind !== 'list') continue;
    total += item.total;
    height = Math.max(height, item.height + 1);
  }
  return { kind: 'list', items, total, height, poisoned: items.some(isPoisoned), tensors: items.some(containsTensor) };
}

export const tensor = (step: RawValue): Value => ({ kind: 'tensor', step });

export const isNumber = (v: Value): v is NumberValue => v.kind === 'int' || v.kind === 'float';

/** Whether any part of the value failed to evaluate. */
export const isPoisoned = (v: Value): boolean => v.kind === 'poison' || (v.kind === 'list' && v.items.some(isPoisoned));

/** A value as an integer, if it is one: 3, and 3.0 too. */
export const wholeNumber = (v: Value): number | undefined =>
  isNumber(v) && Number.isSafeInteger(v.value) ? v.value : undefined;

/** As short as six digits allow: 10.6667. */
export const shortNumber = (n: number): string => String(Number.isInteger(n) ? n : Number(n.toPrecision(6)));

/** `a list of 4`, `the number 3.5`, `a tensor`: what a message calls a value. */
export function describe(v: Value): string {
  switch (v.kind) {
    case 'int':
    case 'float':
      return `the number ${shortNumber(v.value)}`;
    case 'bool':
      return String(v.value);
    case 'string':
      return `the string "${v.value.length > 40 ? `${v.value.slice(0, 40)}...` : v.value}"`;
    case 'list':
      return v.items.length > 0 && v.items.every((item) => item.kind === 'tensor')
        ? `a list of ${v.items.length} tensor${v.items.length === 1 ? '' : 's'}`
        : `a list of ${v.items.length}`;
    case 'tensor':
      return 'a tensor';
    case 'poison':
      return 'nothing';
  }
}

/** Equality of plain values; ints and floats compare by value, values of different kinds differ. Tensors never get here. */
export function sameValue(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return a.value === b.value;
  if (a.kind === 'list' && b.kind === 'list') {
    return a.items.length === b.items.length && a.items.every((item, k) => sameValue(item, b.items[k] as Value));
  }
  return (a.kind === 'bool' || a.kind === 'string') && a.kind === b.kind && a.value === b.value;
}

export const containsTensor = (v: Value): boolean => v.kind === 'tensor' || (v.kind === 'list' && v.tensors);

/** A value without tensors as plain JavaScript, for the record that a run keeps. */
export function toPlain(v: Value): unknown {
  if (v.kind === 'list') return v.items.map(toPlain);
  return v.kind === 'tensor' || v.kind === 'poison' ? null : v.value;
}
