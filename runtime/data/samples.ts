import type { Recipe } from '../../compiler/recipe.js';
import type { Sample } from './augment.js';
import type { Dataset } from './dataset.js';
import { mapEach } from './each.js';
import { normalizationOf } from './normalize.js';
import type { Size } from './picture.js';
import { resizeMask, resizePicture } from './resize.js';
import { markLeftOut } from './target.js';

/**
 * Decoded samples of a data set, kept in memory up to a budget; what does not fit is decoded each time it is asked for.
 * In a shuffled epoch every sample is needed equally often, so the first that fit stay: evicting would only cost.
 */
export class SampleCache {
  /** Images of one value throughout, as far as samples were asked for, by index. */
  readonly constant = new Set<number>();
  private readonly kept = new Map<number, Sample>();
  private free: number;

  /**
   * @param resize the size every sample gets; absent: its own
   * @param budget bytes
   */
  constructor(
    readonly dataset: Dataset,
    private readonly normalize: Recipe['normalize'],
    private readonly resize: Size | undefined,
    budget: number,
  ) {
    this.free = budget;
  }

  async get(index: number): Promise<Sample> {
    const known = this.kept.get(index);
    if (known !== undefined) return known;
    const pair = await this.dataset.pair(index);
    const { data } = pair.image;
    if (data.every((value) => value === data[0])) this.constant.add(index);
    const image = this.resize === undefined ? pair.image : resizePicture(pair.image, this.resize);
    const mask = markLeftOut(this.resize === undefined ? pair.mask : resizeMask(pair.mask, this.resize));
    const sample = { image, mask, normalization: normalizationOf(image, this.normalize) };
    const bytes = image.data.byteLength + mask.data.byteLength;
    if (bytes <= this.free && !this.kept.has(index)) {
      this.free -= bytes;
      this.kept.set(index, sample);
    }
    return sample;
  }

  /** Decodes every sample once, so that a damaged file is found before training starts and not in the middle of it. */
  async fill(progress?: (done: number, total: number) => void): Promise<void> {
    let done = 0;
    await mapEach(this.dataset.names, async (_, index) => {
      await this.get(index);
      progress?.(++done, this.dataset.names.length);
    });
  }
}
