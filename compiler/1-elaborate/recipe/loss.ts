import type { Span } from '../../../grammar/diagnostic.js';
import { say } from '../../../grammar/say.js';
import type { Expr } from '../../../grammar/tree.js';
import { type Collector, diagnose, suggest } from '../../diagnostics/index.js';
import { type Knob, knobsOf } from '../../knob.js';
import { type LossName, type LossTerm, lossDefinition, losses, lossNames, lossTerm } from '../../losses/index.js';
import { isPoisoned } from '../values.js';
import type { Activation, RecipeHead } from './index.js';
import { type Reader, wordOf } from './reader.js';

/** The arguments of each loss. */
export const lossKnobs = Object.fromEntries(
  lossNames.map((name) => [name, knobsOf(losses[name].settings)]),
) as Readonly<Record<LossName, readonly Knob[]>>;

/** A part of a loss expression: a plain number, or a sum of weighted losses. */
type Part =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'terms'; readonly terms: readonly LossTerm[] };

/** `0.5 * bce + dice` -> its terms, each loss once for each set of arguments; undefined, reported, if it is no such sum. */
export function readLoss(expr: Expr, reader: Reader): LossTerm[] | undefined {
  const part = read(expr, reader);
  if (part === undefined) return undefined;
  if (part.kind === 'number') {
    reader.fail(say.badLoss.number(), expr.span);
    return undefined;
  }
  const terms: LossTerm[] = [];
  for (const term of part.terms) {
    const at = terms.findIndex((t) => t.name === term.name && JSON.stringify(t.args) === JSON.stringify(term.args));
    const same = terms[at];
    if (same === undefined) terms.push(term);
    else terms[at] = { ...same, weight: same.weight + term.weight };
  }
  return terms;
}

function read(expr: Expr, reader: Reader): Part | undefined {
  if (expr.kind === 'missing') return undefined;
  if (!mentionsLoss(expr)) return readLeaf(expr, reader);
  if (expr.kind === 'binary') {
    const left = read(expr.left, reader);
    const right = read(expr.right, reader);
    if (left === undefined || right === undefined) return undefined;
    const { operator } = expr;
    if (operator === '+' && left.kind === 'terms' && right.kind === 'terms') {
      return { kind: 'terms', terms: [...left.terms, ...right.terms] };
    }
    if (operator === '*' && left.kind === 'number' && right.kind === 'terms')
      return scale(right.terms, left.value, expr.left.span, reader);
    if (operator === '*' && right.kind === 'number' && left.kind === 'terms')
      return scale(left.terms, right.value, expr.right.span, reader);
    if (operator === '/' && right.kind === 'number' && left.kind === 'terms')
      return scale(left.terms, 1 / right.value, expr.right.span, reader);
  }
  const word = wordOf(expr);
  const name = lossNames.find((n) => n === word?.name.text);
  if (word !== undefined && name !== undefined) {
    const values = reader.knobs(word, lossKnobs[name]);
    return values && { kind: 'terms', terms: [lossTerm(name, 1, values)] };
  }
  reader.fail(say.badLoss.sum(), expr.span, {
    hints: ['write a sum such as 0.5 * bce + dice'],
  });
  return undefined;
}

/** What mentions no loss: a number, or a loss that does not exist. */
function readLeaf(expr: Expr, reader: Reader): Part | undefined {
  const word = wordOf(expr);
  if (word !== undefined && !reader.knows(word)) {
    reader.fail(say.unknownLoss.loss({ name: word.name.text }), word.name.span, {
      ...suggest(word.name.text, lossNames, word.name.span),
    });
    return undefined;
  }
  if (expr.kind === 'binary') {
    // 0.5 * bec: the misspelt name is the mistake, wherever it stands.
    const left = read(expr.left, reader);
    const right = read(expr.right, reader);
    if (left === undefined || right === undefined) return undefined;
  }
  const value = reader.evaluate(expr);
  if (isPoisoned(value)) return undefined;
  const n = reader.number(expr, 'the weight of a loss');
  return n === undefined ? undefined : { kind: 'number', value: n };
}

function scale(terms: readonly LossTerm[], by: number, span: Span, reader: Reader): Part | undefined {
  if (by > 0 && Number.isFinite(by))
    return { kind: 'terms', terms: terms.map((t) => ({ ...t, weight: t.weight * by })) };
  reader.fail(say.badLoss.weight(), span);
  return undefined;
}

const isLoss = (name: string): boolean => (lossNames as readonly string[]).includes(name);

/** Whether a loss is named anywhere in it. */
function mentionsLoss(expr: Expr): boolean {
  const word = wordOf(expr);
  if (word !== undefined) return isLoss(word.name.text) || word.args.some((arg) => mentionsLoss(arg.value));
  if (expr.kind === 'list') return expr.items.some(mentionsLoss);
  if (expr.kind === 'binary') return mentionsLoss(expr.left) || mentionsLoss(expr.right);
  return expr.kind === 'unary' && mentionsLoss(expr.operand);
}

/** What is wrong with a loss on an activation, or undefined. */
function misfit(loss: LossName, activation: Activation, terms: readonly LossTerm[]): string | undefined {
  const { on } = lossDefinition(loss);
  if (!on.sigmoid) return activation === 'softmax' ? undefined : `${loss} needs softmax: one class for each pixel`;
  if (activation === 'none') return `${loss} needs probabilities: sigmoid`;
  if (activation === 'sigmoid' || on.softmax === true) return undefined;
  if (on.softmax === false) return `${loss} needs sigmoid: yes or no for each channel`;
  // Of the classes of a softmax the overlap is meant beside the entropy that trains them.
  return terms.some((t) => t.name === 'cross_entropy')
    ? undefined
    : `${loss} alone needs sigmoid; beside cross_entropy it fits softmax`;
}

/** Reports the losses that do not fit how the heads end; one diagnostic, for the first head of each kind. */
export function checkActivations(
  terms: readonly LossTerm[],
  span: Span,
  heads: readonly RecipeHead[],
  report: Collector,
): void {
  for (const term of terms) {
    for (const head of heads) {
      const why = misfit(term.name, head.activation, terms);
      if (why === undefined) continue;
      const end = head.activation === 'none' ? 'ends without sigmoid or softmax' : `ends in ${head.activation}`;
      const hint = !lossDefinition(term.name).on.sigmoid
        ? 'end the head in softmax, or use bce'
        : head.activation === 'softmax'
          ? 'use cross_entropy, or end the head in sigmoid'
          : 'end the head in sigmoid';
      report.add(
        diagnose(say.lossActivation.head({ name: head.name, end, why }), span, {
          hints: [hint],
          related: [{ span: head.span, message: `${head.name} is declared here` }],
        }),
      );
      return;
    }
  }
}
