import { say } from '../../../grammar/say.js';
import type { Expr } from '../../../grammar/tree.js';
import { suggest } from '../../diagnostics/index.js';
import type { Knob } from '../../knob.js';
import { type MaskSetting, maskRuleNames } from '../../recipe.js';
import { isNumber, isPoisoned, type Value } from '../values.js';
import { type Reader, type Word, wordOf } from './reader.js';

const least: Knob = { name: 'least', default: 128 };
const invert: Knob = { name: 'invert', default: false };

/** Arguments of the rules that take numbers; `values`, `entries` and `colors` take a list of classes. */
export const maskKnobs: Readonly<Record<MaskSetting['kind'], readonly Knob[]>> = {
  nonzero: [invert],
  threshold: [least, invert],
  alpha: [least, invert],
  values: [],
  entries: [],
  colors: [],
  invert: [],
};

/** `threshold(128)`, `values([0, 3, [7, 8]])`, `colors(["#000000", "#ff0000"])`, `alpha`, ... */
export function readMaskSetting(expr: Expr, reader: Reader): MaskSetting | undefined {
  if (expr.kind === 'missing') return undefined;
  const word = wordOf(expr);
  const kind = maskRuleNames.find((name) => name === word?.name.text);
  if (word === undefined || kind === undefined) {
    const near = word ? suggest(word.name.text, maskRuleNames, word.name.span) : { hints: [], fixes: [] };
    reader.fail(
      word ? say.maskRule.word({ name: word.name.text }) : say.maskRule.none(),
      word?.name.span ?? expr.span,
      {
        hints: near.hints.length > 0 ? near.hints : [`known here: ${maskRuleNames.join(', ')}`],
        fixes: near.fixes,
      },
    );
    return undefined;
  }
  switch (kind) {
    case 'values':
    case 'entries': {
      if (word.args.length === 0) return { kind };
      const classes = readClasses(word, reader, numberOf);
      return classes && { kind, classes };
    }
    case 'colors': {
      const classes = readClasses(word, reader, colorOf);
      return classes && { kind, classes };
    }
    default: {
      const given = reader.knobs(word, maskKnobs[kind]);
      if (given === undefined) return undefined;
      if (kind === 'invert') return { kind };
      const inverted = given.invert === true;
      return kind === 'nonzero' ? { kind, invert: inverted } : { kind, least: Number(given.least), invert: inverted };
    }
  }
}

const numberOf = (value: Value): number | undefined => (isNumber(value) ? value.value : undefined);

/** `#f00` and `#FF0000` are `#ff0000`. */
function colorOf(value: Value): string | undefined {
  if (value.kind !== 'string') return undefined;
  const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(value.value)?.[1]?.toLowerCase();
  if (digits === undefined) return undefined;
  return `#${digits.length === 6 ? digits : [...digits].map((d) => d + d).join('')}`;
}

/** One item a class, class 0 first; an item that is a list stands for several values of one class. */
function readClasses<T extends number | string>(
  word: Word,
  reader: Reader,
  read: (value: Value) => T | undefined,
): T[][] | undefined {
  const name = word.name.text;
  const [arg, more] = word.args;
  const wrong = (): undefined => {
    const example = name === 'colors' ? '"#000000", "#ff0000"' : '0, 3, 7';
    reader.fail(say.maskRule.classes({ name, items: name === 'colors' ? 'colors' : 'numbers' }), word.name.span, {
      hints: [`write ${name}([${example}]), one item for each class, class 0 first`],
    });
    return undefined;
  };
  if (arg === undefined || more !== undefined || (arg.name && arg.name.text !== 'classes')) return wrong();
  const value = reader.evaluate(arg.value);
  if (isPoisoned(value)) return undefined;
  if (value.kind !== 'list' || value.items.length < 2) return wrong();
  const seen = new Set<T>();
  const classes: T[][] = [];
  for (const item of value.items) {
    const values: T[] = [];
    for (const one of item.kind === 'list' ? item.items : [item]) {
      const found = read(one);
      if (found === undefined) return wrong();
      if (seen.has(found)) {
        reader.fail(say.maskRule.twice({ value: String(found) }), arg.span, { hints: ['name it in one class only'] });
        return undefined;
      }
      seen.add(found);
      values.push(found);
    }
    classes.push(values);
  }
  return classes;
}
