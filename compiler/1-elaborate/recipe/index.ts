import type { Said, Span } from '../../../grammar/diagnostic.js';
import { say } from '../../../grammar/say.js';
import type { Expr, TrainDecl } from '../../../grammar/tree.js';
import { type Code, type Collector, diagnose, type More, suggest } from '../../diagnostics/index.js';
import { defaultRecipe, lossTerm, orientationNames, type Recipe } from '../../recipe.js';
import type { Value } from '../values.js';
import { readAugmentations } from './augment.js';
import { checkActivations, readLoss } from './loss.js';
import { readMaskSetting } from './masks.js';
import { readOptimizer, readSchedule } from './optimizer.js';
import { Reader } from './reader.js';

/** How a head's value is made, as far as losses care. */
export type Activation = 'sigmoid' | 'softmax' | 'none';

export interface RecipeHead {
  readonly name: string;
  readonly span: Span;
  readonly activation: Activation;
}

/** What a recipe depends on beside its own text. */
export interface RecipeContext {
  readonly report: Collector;
  /** Evaluates an expression over the network's params and lets. */
  readonly evaluate: (expr: Expr) => Value;
  /** Whether a param, let, block or function has this name. */
  readonly knows: (name: string) => boolean;
  /** Ascending levels. Empty if the network could not be elaborated: what needs them is not checked then. */
  readonly heads: readonly RecipeHead[];
  /** Spatial dimensions of the input; null if unknown. */
  readonly rank: number | null;
}

export const settingNames = [
  'loss',
  'optimizer',
  'schedule',
  'batch',
  'epochs',
  'resize',
  'patch',
  'augment',
  'weights',
  'clip',
  'normalize',
  'seed',
  'holdout',
  'masks',
  'orientation',
  'ignore',
] as const;
export type SettingName = (typeof settingNames)[number];
type Setting = TrainDecl['settings'][number];

const isSetting = (name: string): name is SettingName => (settingNames as readonly string[]).includes(name);

/**
 * A `train` block -> a recipe, defaults filled in. A wrong setting is reported and keeps its default.
 * Without a loss, heads that end in softmax get cross entropy, others 0.5 bce + dice.
 */
export function elaborateRecipe(train: TrainDecl | undefined, context: RecipeContext): Recipe {
  const { report, heads } = context;
  const softmax = heads.length > 0 && heads.every((h) => h.activation === 'softmax');
  const recipe: { -readonly [K in keyof Recipe]: Recipe[K] } = {
    ...defaultRecipe,
    ...(softmax ? { loss: [lossTerm('cross_entropy')] } : {}),
  };
  if (train === undefined) return recipe;
  const settings = distinct(train, report);
  const reader = new Reader(context);
  const whole = (name: 'batch' | 'epochs'): void => {
    const s = settings.get(name);
    if (s) recipe[name] = reader.number(s.value, name, { least: 1, whole: true }) ?? recipe[name];
  };
  const loss = settings.get('loss');
  if (loss) recipe.loss = readLoss(loss.value, reader) ?? recipe.loss;
  const optimizer = settings.get('optimizer');
  if (optimizer) recipe.optimizer = readOptimizer(optimizer.value, reader) ?? recipe.optimizer;
  const schedule = settings.get('schedule');
  if (schedule) recipe.schedule = readSchedule(schedule.value, reader) ?? recipe.schedule;
  whole('batch');
  whole('epochs');
  const resize = settings.get('resize');
  const patch = settings.get('patch');
  if (resize && patch) {
    fail(report, say.resizeAndPatch.both(), patch.name.span, {
      hints: ['remove one: resize trains on whole images, patch on parts of them'],
      related: [{ span: resize.name.span, message: 'resize is given here' }],
    });
  }
  if (resize) recipe.resize = readSize(resize, reader, context.rank);
  if (patch && !resize) recipe.patch = readSize(patch, reader, context.rank);
  const augment = settings.get('augment');
  if (augment) recipe.augment = readAugmentations(augment.value, reader) ?? recipe.augment;
  const weights = settings.get('weights');
  if (weights) recipe.weights = readWeights(weights, reader, heads);
  const clip = settings.get('clip');
  if (clip) recipe.clip = reader.number(clip.value, 'clip', { above: 0 });
  const normalize = settings.get('normalize');
  if (normalize) recipe.normalize = reader.word(normalize.value, 'normalize', ['unit', 'image']) ?? recipe.normalize;
  const seed = settings.get('seed');
  if (seed) recipe.seed = reader.number(seed.value, 'seed', { least: 0, whole: true }) ?? recipe.seed;
  const holdout = settings.get('holdout');
  if (holdout) recipe.holdout = reader.number(holdout.value, 'holdout', { least: 0, below: 1 }) ?? recipe.holdout;
  const masks = settings.get('masks');
  if (masks) recipe.masks = readMaskSetting(masks.value, reader);
  const orientation = settings.get('orientation');
  if (orientation) recipe.orientation = reader.word(orientation.value, 'orientation', orientationNames);
  const ignore = settings.get('ignore');
  // A mask's values are whole and have at most 16 bits.
  if (ignore) recipe.ignore = reader.number(ignore.value, 'ignore', { least: 0, most: 65535, whole: true });
  checkActivations(recipe.loss, loss?.value.span ?? keyword(train.span), heads, report);
  return recipe;
}

/** The word `train` that a block begins with. */
const keyword = ({ start }: Span): Span => ({
  start,
  end: { line: start.line, column: start.column + 5, offset: start.offset + 5 },
});

function fail(report: Collector, said: Said<Code>, span: Span, more: More = {}): void {
  report.add(diagnose(said, span, more));
}

function distinct(train: TrainDecl, report: Collector): Map<SettingName, Setting> {
  const settings = new Map<SettingName, Setting>();
  for (const setting of train.settings) {
    const { text, span } = setting.name;
    if (!isSetting(text)) {
      const { hints: near, fixes } = suggest(text, settingNames, span);
      fail(report, say.unknownSetting.setting({ name: text }), span, {
        hints: near.length > 0 ? near : [`settings: ${settingNames.join(', ')}`],
        fixes,
      });
      continue;
    }
    const before = settings.get(text);
    if (before !== undefined) {
      fail(report, say.repeatedSetting.setting({ name: text }), span, {
        hints: ['remove one'],
        related: [{ span: before.name.span, message: 'given here first' }],
      });
    } else settings.set(text, setting);
  }
  return settings;
}

/** `[96, 96]`; a single number stands for every dimension. */
function readSize(setting: Setting, reader: Reader, rank: number | null): number[] | undefined {
  const name = setting.name.text;
  const sizes = reader.numbers(setting.value, name, { least: 1, whole: true });
  if (sizes === undefined) return undefined;
  if (sizes.single) return rank === null ? undefined : Array.from({ length: rank }, () => sizes.values[0] ?? 1);
  const { length } = sizes.values;
  if (rank === null ? length >= 1 && length <= 3 : length === rank) return sizes.values;
  const due =
    rank === null
      ? 'one number for each spatial dimension'
      : `${rank} number${rank === 1 ? '' : 's'}, one for each spatial dimension`;
  reader.fail(say.trainSize.length({ name, due, length }), setting.value.span, {
    hints: [`write ${name} = [${Array.from({ length: rank ?? 2 }, () => 96).join(', ')}]`],
  });
  return undefined;
}

function readWeights(setting: Setting, reader: Reader, heads: readonly RecipeHead[]): number[] | undefined {
  const weights = reader.numbers(setting.value, 'weights', { least: 0 });
  if (weights === undefined) return undefined;
  const { values } = weights;
  if (weights.single || (heads.length > 0 && values.length !== heads.length)) {
    const names = heads.map((h) => h.name).join(', ');
    reader.fail(say.headWeights.count({ heads: heads.length, weights: values.length }), setting.value.span, {
      hints: heads.length > 0 && heads.length <= 12 ? [`the heads are ${names}`] : [],
    });
    return undefined;
  }
  if (!values.some((w) => w > 0)) {
    reader.fail(say.headWeights.zero(), setting.value.span);
    return undefined;
  }
  values.forEach((w, k) => {
    const head = heads[k];
    if (w > 0 || head === undefined) return;
    const at =
      setting.value.kind === 'list' ? (setting.value.items[k]?.span ?? setting.value.span) : setting.value.span;
    reader.fail(say.unsupervisedHead.weight({ name: head.name }), at, {
      hints: ['give it a small weight, or remove the head'],
      related: [{ span: head.span, message: `${head.name} is declared here` }],
    });
  });
  return values;
}
