import type { Dataset } from '../data/dataset.js';
import { type Mask, type Pair, resizeMask, resizePicture, targetOf } from '../data/index.js';
import { prepare } from '../prediction/inference.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';

/** An image to be judged: what the network gets, and the truth at the same resolution. */
export interface Example {
  readonly name: string;
  readonly input: Plane;
  /** [classes, height, width] of 0 and 1; -1 in every class is a pixel to leave out. */
  readonly truth: Float32Array;
  /** The pair these were made of, at the resolution the network works at. */
  readonly pair: Pair;
  /** The mask at the image's own size, if it was asked for and that is another. */
  readonly native?: Mask;
  /** Between pixels along each axis of `native` (else of `truth`), in mm; absent: not known. */
  readonly spacing?: readonly number[];
}

export interface HeldOutOptions {
  /** Bytes of decoded pairs that are kept; default 2^29. */
  readonly memory?: number;
  /** Keeps masks at their own size too. */
  readonly native?: boolean;
}

interface Kept {
  readonly pair: Pair;
  readonly native?: Mask;
}

/**
 * Images with truth, at the resolution a task works at: the training size (masks by the nearest pixel), or an image's
 * own. Decoded pairs are kept while they fit in memory; the floats made of them are not.
 */
export class HeldOut {
  private readonly kept = new Map<number, Kept>();
  private free: number;

  constructor(
    private readonly dataset: Dataset,
    private readonly task: Task,
    private readonly options: HeldOutOptions = {},
  ) {
    this.free = options.memory ?? 2 ** 29;
  }

  get length(): number {
    return this.dataset.names.length;
  }

  /** Every example in order; the next one is decoded while the caller works on this one. */
  async *examples(): AsyncGenerator<Example, void, undefined> {
    let ahead: Promise<Kept> | undefined;
    for (let k = 0; k < this.length; k++) {
      const kept: Kept = await (ahead ?? this.decoded(k));
      ahead = k + 1 < this.length ? this.decoded(k + 1) : undefined;
      // Its failure is the next turn's to report, or nobody's if the caller has left.
      ahead?.catch(() => undefined);
      yield this.example(k, kept);
    }
  }

  async at(index: number): Promise<Example> {
    return this.example(index, await this.decoded(index));
  }

  private example(index: number, { pair, native }: Kept): Example {
    const name = this.dataset.names[index] ?? String(index);
    const input = prepare(pair.image, this.task);
    return { name, input, truth: targetOf(pair.mask), pair, ...(native ? { native } : {}) };
  }

  private async decoded(index: number): Promise<Kept> {
    const known = this.kept.get(index);
    if (known) return known;
    const own = await this.dataset.pair(index);
    const [height, width] = this.task.resize ?? [];
    const size = height && width ? { height, width } : own.image;
    const pair = { image: resizePicture(own.image, size), mask: resizeMask(own.mask, size) };
    // A mask of the size already comes back as it is.
    const kept: Kept = { pair, ...(this.options.native && pair.mask !== own.mask ? { native: own.mask } : {}) };
    const bytes = pair.image.data.byteLength + pair.mask.data.byteLength + (kept.native?.data.byteLength ?? 0);
    if (bytes <= this.free && !this.kept.has(index)) {
      this.free -= bytes;
      this.kept.set(index, kept);
    }
    return kept;
  }
}
