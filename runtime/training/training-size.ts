import { describeRules, nearestSizes, sizeRules } from '../../compiler/2-infer/sizes.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Recipe } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from '../data/index.js';
import { axisRules, takesSize } from '../run/task.js';

/**
 * The recipe with the size it trains at made definite: its `resize` or `patch`; else the network's own, if that is
 * fixed; else that of the images, if they all have one that the network takes: then a whole image is one patch, nothing is
 * resized, and the model works at an image's own scale.
 *
 * @throws UserError if there is none, or the network does not take it; the message names the nearest it does
 */
export function withTrainingSize(network: Network, recipe: Recipe, dataset: Dataset): Recipe {
  if (recipe.resize && recipe.patch) {
    throw new UserError('size-both', 'the recipe gives both resize and patch', 'keep the one that is meant');
  }
  const given = recipe.patch ?? recipe.resize;
  if (given) {
    const size = checkedSize(network, recipe.patch ? 'patch' : 'resize', given);
    return recipe.patch ? { ...recipe, patch: size } : { ...recipe, resize: size };
  }
  const axes = axisRules(network);
  const fixed = axes.flatMap((axis) => ('fixed' in axis ? [axis.fixed] : []));
  if (fixed.length === axes.length) return { ...recipe, resize: fixed };
  const first = dataset.sizes[0];
  const common = first && dataset.sizes.every((s) => s.height === first.height && s.width === first.width);
  const size = common ? [first.height, first.width] : [];
  if (size.length === axes.length && axes.every((axis, k) => takesSize(axis, size[k] as number))) {
    return { ...recipe, patch: size };
  }
  throw new UserError(
    'size-missing',
    common
      ? `the images are ${size.join('x')}, which ${network.name} does not take (${describeRules(sizeRules(network))})`
      : 'the images differ in size, and the recipe says neither resize nor patch',
    'give --resize HxW (whole images) or --patch HxW (random patches)',
  );
}

function checkedSize(network: Network, what: 'resize' | 'patch', given: readonly number[]): readonly number[] {
  const axes = axisRules(network);
  const size = given.length === 1 ? axes.map(() => given[0] as number) : given;
  if (size.length !== axes.length) {
    throw new UserError(
      'size-rank',
      `${what} has ${size.length} numbers, and ${network.name} works in ${axes.length} dimensions`,
      `as in ${what} = [${axes.map(() => 96).join(', ')}]`,
    );
  }
  if (axes.every((axis, k) => takesSize(axis, size[k] as number))) return size;
  const rules = sizeRules(network);
  const nearest = axes.map((axis, k) => {
    if ('fixed' in axis) return [axis.fixed];
    const rule = rules[axis.symbol];
    return rule ? nearestSizes(rule, size[k] as number) : [];
  });
  const options = [nearest.map((n) => n[0]), nearest.map((n) => n.at(-1))].map((s) => s.join('x'));
  throw new UserError(
    'size-invalid',
    `${network.name} can't take ${what} ${size.join('x')} (${describeRules(rules) || 'its size is fixed'})`,
    `use ${[...new Set(options)].join(' or ')}`,
  );
}

/** At what scale a recipe trains and its model predicts, in words. @param size of all images, where they have one */
export function scaleText({ resize, patch }: Recipe, sizes: Dataset['sizes']): string {
  if (resize) return `images are resized to ${resize.join('x')}, in training and in prediction`;
  const text = patch?.join('x') ?? '';
  const whole = sizes.every((s) => `${s.height}x${s.width}` === text);
  return whole ? `whole images of ${text}, at their own scale` : `random patches of ${text}, at the images' own scale`;
}
