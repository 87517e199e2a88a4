import { say } from '../../grammar/say.js';
import { type Collector, diagnose } from '../diagnostics/index.js';
import { type OpName, opOf } from '../ops/index.js';
import type { RawApply, RawHead, RawValue } from './raw.js';
import type { Steps } from './steps.js';

/** What comes out of these lies between what goes in. */
const keeping: ReadonlySet<OpName> = new Set<OpName>([
  'mean',
  'max',
  'concat',
  'upsample',
  'crop',
  'maxpool',
  'avgpool',
  'global_avgpool',
  'dropout',
  'pixel_shuffle',
  'pixel_unshuffle',
]);

/**
 * Heads whose last activation gets what an activation has cut off already: losses see the logits in front of a sigmoid or softmax,
 * and those must be free to be any number, or the probability behind them is not. One warning for each place of the text.
 */
export function squashedLogits(steps: Steps, heads: readonly RawHead[], report: Collector): void {
  for (const head of heads) {
    for (const last of sources(steps, [head.value], (s) => s.op === 'sigmoid' || s.op === 'softmax')) {
      for (const squashing of sources(steps, last.inputs, (s) => opOf(s.op).range !== undefined)) {
        const [least, most] = opOf(squashing.op).range ?? [];
        // A softmax compares channels: one that is 0 can still be beaten by any number.
        if (last.op === 'softmax' && most === Number.POSITIVE_INFINITY) continue;
        const said =
          most === Number.POSITIVE_INFINITY ? `is never below ${least}` : `is always between ${least} and ${most}`;
        const effect =
          last.op === 'softmax'
            ? 'so the probabilities of two classes are never far apart'
            : `so its answer ${answers(least ?? 0, most ?? 0)}`;
        report.add(
          diagnose(
            say.squashedLogits.squashed({ activation: last.op, head: head.name, op: squashing.op, said, effect }),
            squashing.origin.span,
            {
              hints: [`remove the ${squashing.op}; losses take the logits in front of the ${last.op}`],
              related: [{ span: last.origin.span, message: `the ${last.op}` }],
            },
          ),
        );
      }
    }
  }
}

const logistic = (x: number): string => (1 / (1 + Math.exp(-x))).toFixed(2);

/** `is never below 0.5` */
const answers = (least: number, most: number): string =>
  most === Number.POSITIVE_INFINITY
    ? `is never below ${Number(logistic(least))}`
    : `stays between ${Number(logistic(least))} and ${Number(logistic(most))}`;

/** The steps of a kind that values are nothing but a choice, a mean or a rearrangement of. */
function sources(steps: Steps, values: readonly RawValue[], wanted: (step: RawApply) => boolean): RawApply[] {
  const seen = new Set(values);
  const found: RawApply[] = [];
  for (const k of seen) {
    const step = steps.list[k];
    if (step?.kind !== 'apply') continue;
    if (wanted(step)) found.push(step);
    else if (keeping.has(step.op)) for (const input of step.inputs) seen.add(input);
  }
  return found;
}
