import { isValidSize, nextValid, type SizeRule, sizeRules } from './2-infer/sizes.js';
import { known } from './ir/dim.js';
import type { Network } from './ir/graph.js';
import type { MaskOrientation, MaskReading, MaskSetting, Recipe } from './recipe.js';
import { UserError } from './user-error.js';

/** Which sizes a network takes along one axis: one, or those of a rule. Plain data, so that a model file can carry it. */
export type AxisRule =
  | { readonly fixed: number }
  | { readonly symbol: string; readonly modulus: number; readonly residues: readonly number[]; readonly least: number };

/** What must be known, beside a model's weights, to turn an image into a mask: what it was trained to see and to say. */
export interface Task {
  readonly channels: number;
  /** One name for each channel of the output. */
  readonly classes: readonly string[];
  /** Each pixel belongs to exactly one class. */
  readonly exclusive: boolean;
  readonly normalize: Recipe['normalize'];
  /** [height, width] whole images were resized to in training. Without it the model works at an image's own resolution. */
  readonly resize?: readonly number[];
  /** [height, width] of the patches it was trained on. */
  readonly patch?: readonly number[];
  /** One for each spatial axis. */
  readonly axes: readonly AxisRule[];
  /** How the masks it was trained with were read; absent in models of earlier versions. */
  readonly masks?: MaskReading;
}

/** The sizes a network takes, by spatial axis. */
export function axisRules(network: Network): AxisRule[] {
  const rules = sizeRules(network);
  return (network.graph.inputs[0]?.value.type.shape ?? []).slice(2).map((d): AxisRule => {
    if (d.symbol === null) return { fixed: d.offset };
    const { symbol, modulus, residues, least } = rules[d.symbol] as SizeRule;
    return { symbol, modulus, residues, least };
  });
}

/** The smallest size of an axis that is at least `n`; for a fixed axis that one size, be it smaller. */
export function validSize(axis: AxisRule, n: number): number {
  if ('fixed' in axis) return axis.fixed;
  const found = nextValid({ ...axis, constraints: [] }, n);
  if (found === null) throw new UserError('size-impossible', `the network takes no size of ${axis.symbol} at all`);
  return found;
}

export const takesSize = (axis: AxisRule, n: number): boolean =>
  'fixed' in axis ? axis.fixed === n : isValidSize({ ...axis, constraints: [] }, n);

/** Channels of the network's output. */
export const classCount = (network: Network): number => {
  const dim = (network.heads[0]?.value ?? network.modeOutputs[0]?.value)?.type.shape[1];
  return dim ? known(dim) : 1;
};

/** What a network reads and returns, as far as its data must know. */
export interface NetworkFormat {
  /** Channels of its input. */
  readonly channels: number;
  /** Channels of its output: 1 is a binary mask. */
  readonly classes: number;
  /** Each pixel is of exactly one class, as cross entropy needs. */
  readonly exclusive: boolean;
  /** How masks are to be read, where the recipe says it. */
  readonly masks?: MaskSetting;
  readonly orientation?: MaskOrientation;
  /** The number of pixels to leave out. */
  readonly ignore?: number;
}

/** What to open a data folder with. */
export function dataFormat(network: Network, recipe: Recipe): NetworkFormat {
  const input = network.graph.inputs[0]?.value.type.shape ?? [];
  const channels = input[1] ? known(input[1]) : 1;
  const classes = classCount(network);
  const { masks, orientation, ignore } = recipe;
  return {
    channels,
    classes,
    exclusive: classes > 1 && isExclusive(network, recipe),
    ...(masks ? { masks } : {}),
    ...(orientation ? { orientation } : {}),
    ...(ignore === undefined ? {} : { ignore }),
  };
}

/** Classes exclude each other where the loss or the last layer says that probabilities sum to 1. */
function isExclusive(network: Network, recipe: Recipe): boolean {
  if (recipe.loss.some((term) => term.name === 'cross_entropy')) return true;
  const heads = new Set(network.heads.map((h) => h.value.id));
  return network.graph.nodes.some((n) => n.op === 'softmax' && n.outputs.some((o) => heads.has(o.id)));
}

/** The task a network is trained for, on a data set with these class names. */
export function taskOf(network: Network, recipe: Recipe, classNames: readonly string[], masks?: MaskReading): Task {
  const { channels, exclusive } = dataFormat(network, recipe);
  return {
    channels,
    classes: classNames,
    exclusive,
    normalize: recipe.normalize,
    ...(recipe.resize ? { resize: recipe.resize } : {}),
    ...(recipe.patch ? { patch: recipe.patch } : {}),
    axes: axisRules(network),
    ...(masks ? { masks: readingOf(masks) } : {}),
  };
}

/** What of a report is kept. */
const readingOf = ({ rule, ignore, orientation, stated }: MaskReading): MaskReading => ({
  rule,
  ...(ignore === undefined ? {} : { ignore }),
  ...(orientation ? { orientation } : {}),
  ...(stated ? { stated } : {}),
});
