import { stream } from '../../compiler/random.js';
import type { Recipe } from '../../compiler/recipe.js';
import { someOf, UserError } from '../../compiler/user-error.js';
import { type AugmentOptions, augmentSample } from './augment.js';
import type { Dataset } from './dataset.js';
import { mapEach } from './each.js';
import { planesOf } from './picture.js';
import { SampleCache } from './samples.js';
import { writeTarget } from './target.js';

/** What one training step takes, as in a `TrainingPlan`. */
export interface Batch {
  /** [batch, channels, height, width] */
  readonly image: Float32Array;
  /** [batch, classes, height, width] of 0 and 1 */
  readonly target: Float32Array;
}

export interface BatchOptions {
  /** [height, width] of the plan; `recipe.patch` says whether it is cut or resized to. */
  readonly size: readonly number[];
  /** Bytes of decoded images to keep in memory; default 2 GiB. */
  readonly memory?: number;
}

/** The parts of a recipe that say how batches are made. */
export type BatchRecipe = Pick<Recipe, 'batch' | 'augment' | 'normalize' | 'seed' | 'patch'>;

/**
 * The batches of a data set. What an epoch holds, its order and every augmentation follow from (seed, epoch) alone: any
 * epoch can be made again, or started anywhere, without having made those before it.
 */
export class Batches {
  /** A last batch that is not full is dropped; fewer images than one batch make one, by going round again. */
  readonly perEpoch: number;
  private readonly samples: SampleCache;
  private readonly options: AugmentOptions;

  /** @throws UserError when the data set is empty or sizes are not of two dimensions */
  constructor(
    private readonly dataset: Dataset,
    private readonly recipe: BatchRecipe,
    options: BatchOptions,
  ) {
    const [height, width] = options.size;
    if (height === undefined || width === undefined || options.size.length !== 2) {
      throw new UserError(
        'data-dimensions',
        `a data folder holds images of 2 dimensions, the network takes ${options.size.length}`,
        'declare the input as [N, C, H, W]',
      );
    }
    if (dataset.names.length === 0) throw new UserError('data-empty', `no images to train on in ${dataset.folder}`);
    const patch = recipe.patch !== undefined;
    const size = { height, width };
    this.options = { augment: recipe.augment, normalize: recipe.normalize, patch, size };
    this.samples = new SampleCache(dataset, recipe.normalize, patch ? undefined : size, options.memory ?? 2 ** 31);
    this.perEpoch = Math.max(1, Math.floor(dataset.names.length / recipe.batch));
  }

  /** Decodes everything once; see `SampleCache.fill`. Optional: batches decode what they miss. */
  prepare(progress?: (done: number, total: number) => void): Promise<void> {
    return this.samples.fill(progress);
  }

  /** What is strange about the images and batches, once `prepare` has seen them: worth a warning each. */
  warnings(): string[] {
    const { names, imageFiles } = this.dataset;
    const { batch } = this.recipe;
    const found: string[] = [];
    if (names.length < batch) {
      found.push(
        `${names.length} ${names.length === 1 ? 'image fills' : 'images fill'} a batch of ${batch} by being taken again: an epoch is one step; --batch ${names.length} takes each once`,
      );
    }
    const same = [...this.samples.constant].sort((a, b) => a - b).map((index) => imageFiles[index] as string);
    if (same.length > 0) {
      found.push(
        `${same.length} of ${names.length} images ${same.length === 1 ? 'is' : 'are'} of one value throughout: ${someOf(same)}`,
      );
    }
    return found;
  }

  /** Images that an epoch leaves out, other ones each time, since its last batch would not be full. */
  get leftOut(): number {
    return Math.max(0, this.dataset.names.length - this.perEpoch * this.recipe.batch);
  }

  /**
   * The batches of one epoch, from batch `from` on. The next one is decoded while the caller works on this one.
   *
   * @throws UserError when a file can't be decoded
   */
  async *epoch(epoch: number, from = 0): AsyncGenerator<Batch, void, undefined> {
    const order = this.order(epoch);
    let ahead: Promise<Batch> | undefined;
    for (let index = from; index < this.perEpoch; index++) {
      const batch: Batch = await (ahead ?? this.make(order, epoch, index));
      ahead = index + 1 < this.perEpoch ? this.make(order, epoch, index + 1) : undefined;
      // Its failure is the next turn's to report, or nobody's if the caller has left.
      ahead?.catch(() => undefined);
      yield batch;
    }
  }

  /** Which image stands at each position of an epoch. */
  order(epoch: number): Uint32Array {
    const count = this.dataset.names.length;
    const order = new Uint32Array(this.perEpoch * this.recipe.batch);
    for (let start = 0, round = 0; start < order.length; start += count, round++) {
      const all = Uint32Array.from({ length: count }, (_, index) => index);
      const shuffled = stream(this.recipe.seed, 'order', epoch, round).shuffle(all);
      order.set(shuffled.subarray(0, Math.min(count, order.length - start)), start);
    }
    return order;
  }

  private async make(order: Uint32Array, epoch: number, index: number): Promise<Batch> {
    const { batch, seed } = this.recipe;
    const { channels, classes } = this.dataset;
    const { height, width } = this.options.size;
    const first = index * batch;
    const samples = await mapEach([...order.subarray(first, first + batch)], (row) => this.samples.get(row));
    const imageLength = channels * height * width;
    const targetLength = classes * height * width;
    const image = new Float32Array(batch * imageLength);
    const target = new Float32Array(batch * targetLength);
    for (const [k, sample] of samples.entries()) {
      const mask = new Uint8Array(planesOf(sample.mask) * height * width);
      const random = stream(seed, 'augment', epoch, first + k);
      augmentSample(random, sample, this.options, image.subarray(k * imageLength, (k + 1) * imageLength), mask);
      writeTarget(sample.mask.kind, classes, mask, target.subarray(k * targetLength, (k + 1) * targetLength));
    }
    return { image, target };
  }
}
