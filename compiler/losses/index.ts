import type { GraphBuilder } from '../ir/builder.js';
import type { Value } from '../ir/graph.js';
import { type Settings, type SettingValues, withDefaults } from '../knob.js';
import { bce } from './bce.js';
import { crossEntropy } from './cross-entropy.js';
import { dice } from './dice.js';
import { focal } from './focal.js';
import { jaccard } from './jaccard.js';
import type { LossDefinition } from './loss.js';
import { lovasz } from './lovasz.js';
import { type Prediction, Tools } from './tools.js';
import { tversky } from './tversky.js';

export { type Prediction, predictionOf } from './tools.js';

/** Every loss by its name. A new one is a file and a line here. */
export const losses = { bce, cross_entropy: crossEntropy, dice, jaccard, focal, tversky, lovasz } as const;

export type LossName = keyof typeof losses;

export const lossNames = Object.keys(losses) as readonly LossName[];

/** One term of `0.5 * bce + dice`; an argument that is left out has the loss's default. */
export type LossTerm = {
  readonly [N in LossName]: {
    readonly name: N;
    readonly weight: number;
    readonly args: Partial<SettingValues<(typeof losses)[N]['settings']>>;
  };
}[LossName];

export const lossDefinition = (name: LossName): LossDefinition => losses[name] as unknown as LossDefinition<Settings>;

/** A term with every argument. */
export const lossTerm = (name: LossName, weight = 1, args: Readonly<Record<string, number | boolean>> = {}): LossTerm =>
  ({ name, weight, args: withDefaults(lossDefinition(name).settings, args) }) as LossTerm;

/**
 * A head's loss, a scalar: the weighted sum of its terms. `target` has the head's shape, [N, K, ...], values 0 or 1 (one-hot over K under
 * softmax), and with `ignore` -1 in every channel of a pixel that counts nowhere. Means are over every element, or over (sample, channel) for
 * the overlap losses.
 */
export function headLoss(
  terms: readonly LossTerm[],
  prediction: Prediction,
  target: Value,
  build: GraphBuilder,
  ignore = false,
): Value {
  const weighted = terms.map((term) => {
    const { rule, settings } = lossDefinition(term.name);
    const loss = rule(new Tools(build, prediction, target, ignore), withDefaults(settings, term.args));
    return term.weight === 1 ? loss : build.emit('affine', [loss], { scale: term.weight, shift: 0 });
  });
  return weighted.length === 1 ? (weighted[0] as Value) : build.emit('add', weighted);
}
