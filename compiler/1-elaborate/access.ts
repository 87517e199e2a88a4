import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Evaluator } from './evaluator.js';
import { describe, poison, type Value } from './values.js';

/** One index of an access, evaluated: a number, or the numbers of a slice. */
export interface Pick {
  readonly numbers: readonly number[];
  readonly one: boolean;
  readonly span: Span;
}

/** What an index expression asks for; null, reported, if it is no index. */
export function readPick(evaluator: Evaluator, value: Value, span: Span): Pick | null {
  const one = value.kind !== 'list';
  const numbers: number[] = [];
  for (const v of one ? [value] : value.items) {
    const n = evaluator.whole(v, span, 'an index');
    if (n === null) return null;
    numbers.push(n);
  }
  return { numbers, one, span };
}

/** Items of a list, of a list of lists for several indices. */
export function readItems(evaluator: Evaluator, target: Value, picks: readonly Pick[], span: Span): Value {
  const [pick, ...rest] = picks;
  if (pick === undefined || target.kind === 'poison') return target;
  if (target.kind !== 'list') {
    const hints =
      target.kind === 'tensor' ? ['a tensor is used as a whole; only grids, heads and lists have an index'] : [];
    return evaluator.fail(say.wrongType.items({ found: describe(target) }), span, { hints });
  }
  const found: Value[] = [];
  for (const n of pick.numbers) {
    const item = target.items[n];
    if (item === undefined) {
      const has =
        target.items.length === 0
          ? 'the list is empty'
          : `the list has ${target.items.length} items, 0 to ${target.items.length - 1}`;
      return evaluator.fail(say.indexOutOfList.item({ n, has }), pick.span, {
        hints: n < 0 ? ['the last item is last(list)'] : [],
      });
    }
    found.push(readItems(evaluator, item, rest, span));
  }
  if (pick.one) return found[0] ?? poison;
  return evaluator.list(found, span);
}
