import type { Said, Span } from '../../../grammar/diagnostic.js';
import { say } from '../../../grammar/say.js';
import type { Expr, Name } from '../../../grammar/tree.js';
import { type Code, diagnose, type More, suggest } from '../../diagnostics/index.js';
import type { Bounds, Knob } from '../../knob.js';
import { describe, isNumber, isPoisoned, type Value, wholeNumber } from '../values.js';
import type { RecipeContext } from './index.js';

/** `adam` or `adam(lr: 3e-4)`, taken apart. */
export interface Word {
  readonly name: Name;
  readonly args: readonly { readonly span: Span; readonly name?: Name; readonly value: Expr }[];
}

/** A name, or a call of one; undefined for any other expression. */
export function wordOf(expr: Expr): Word | undefined {
  if (expr.kind === 'name') return { name: { text: expr.text, span: expr.span }, args: [] };
  return expr.kind === 'call' ? { name: expr.callee, args: expr.args } : undefined;
}

/** Reads the parts of settings; whatever is wrong is reported, and undefined. */
export class Reader {
  constructor(private readonly context: RecipeContext) {}

  fail(said: Said<Code>, span: Span, more: More = {}): void {
    this.context.report.add(diagnose(said, span, more));
  }

  number(expr: Expr, what: string, bounds: Bounds = {}): number | undefined {
    return this.checked(this.context.evaluate(expr), expr.span, what, bounds);
  }

  private checked(value: Value, span: Span, what: string, bounds: Bounds): number | undefined {
    if (isPoisoned(value)) return undefined;
    if (!isNumber(value)) {
      this.fail(say.wrongType.number({ what, whole: bounds.whole === true, found: describe(value) }), span);
      return undefined;
    }
    const n = value.value;
    if (bounds.whole && wholeNumber(value) === undefined) {
      this.fail(say.notAnInt.number({ what, number: n }), span);
      return undefined;
    }
    const rules: [boolean, string][] = [
      [bounds.least === undefined || n >= bounds.least, `at least ${bounds.least}`],
      [bounds.above === undefined || n > bounds.above, `more than ${bounds.above}`],
      [bounds.below === undefined || n < bounds.below, `less than ${bounds.below}`],
      [bounds.most === undefined || n <= bounds.most, `at most ${bounds.most}`],
    ];
    const broken = rules.find(([holds]) => !holds);
    if (broken === undefined) return n;
    this.fail(say.outOfRange.bounds({ what, bounds: broken[1], found: n }), span);
    return undefined;
  }

  /** A list of numbers, or one number (`single`). */
  numbers(expr: Expr, what: string, bounds: Bounds): { values: number[]; single: boolean } | undefined {
    const value = this.context.evaluate(expr);
    if (isPoisoned(value)) return undefined;
    const items = value.kind === 'list' ? value.items : [value];
    const values: number[] = [];
    for (const item of items) {
      const n = this.checked(item, expr.span, what, bounds);
      if (n === undefined) return undefined;
      values.push(n);
    }
    return { values, single: value.kind !== 'list' };
  }

  /** One of a few words, bare or as a string. */
  word<T extends string>(expr: Expr, what: string, words: readonly T[]): T | undefined {
    const text = expr.kind === 'name' ? expr.text : expr.kind === 'string' ? expr.value : undefined;
    const found = words.find((w) => w === text);
    if (found === undefined && expr.kind !== 'missing') {
      this.fail(say.wrongType.oneOf({ what, words }), expr.span, {
        ...(text === undefined ? {} : suggest(text, words, expr.span)),
      });
    }
    return found;
  }

  /** The arguments of a word, by place or by name, in the order of the knobs; undefined if any is wrong. */
  knobs(word: Word, knobs: readonly Knob[]): Record<string, number | boolean> | undefined {
    const given = new Map<string, { span: Span; value: Expr }>();
    let ok = true;
    const wrong = (...args: Parameters<Reader['fail']>): void => {
      this.fail(...args);
      ok = false;
    };
    const names = knobs.map((k) => k.name);
    const { text } = word.name;
    const positional = word.args.filter((a) => a.name === undefined);
    positional.forEach((arg, k) => {
      const name = names[k];
      if (name !== undefined) given.set(name, arg);
      else
        wrong(
          names.length === 0
            ? say.extraArgument.none({ name: text })
            : say.extraArgument.setting({ name: text, names }),
          arg.span,
        );
    });
    for (const arg of word.args) {
      if (arg.name === undefined) continue;
      const before = given.get(arg.name.text);
      if (!names.includes(arg.name.text)) {
        wrong(say.unknownArgument.callee({ callee: text, name: arg.name.text }), arg.name.span, {
          ...suggest(arg.name.text, names, arg.name.span),
        });
      } else if (before !== undefined) {
        wrong(say.repeatedArgument.argument({ name: arg.name.text, callee: text }), arg.name.span, {
          related: [{ span: before.span, message: 'given here first' }],
        });
      } else given.set(arg.name.text, arg);
    }
    const out: Record<string, number | boolean> = {};
    for (const knob of knobs) {
      const arg = given.get(knob.name);
      const value = arg === undefined ? knob.default : this.knob(arg.value, `${knob.name} of ${text}`, knob);
      if (value === undefined) ok = false;
      else out[knob.name] = value;
    }
    return ok ? out : undefined;
  }

  private knob(expr: Expr, what: string, knob: Knob): number | boolean | undefined {
    if (typeof knob.default === 'number') return this.number(expr, what, knob);
    const value = this.context.evaluate(expr);
    if (value.kind === 'bool') return value.value;
    if (!isPoisoned(value)) this.fail(say.wrongType.flag({ what, found: describe(value) }), expr.span);
    return undefined;
  }

  /** Whether the name means something outside recipes. */
  knows(word: Word): boolean {
    return this.context.knows(word.name.text);
  }

  evaluate(expr: Expr): Value {
    return this.context.evaluate(expr);
  }
}
