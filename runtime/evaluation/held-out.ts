import type { Dataset } from '../data/dataset.js';
import { type Pair, resizeMask, resizePicture, targetOf } from '../data/index.js';
import { prepare } from '../prediction/inference.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';

/** An image to be judged: what the network gets, and the truth at the same resolution. */
export interface Example {
  readonly name: string;
  readonly input: Plane;
  /** [classes, height, width] of 0 and 1. */
  readonly truth: Float32Array;
  /** The pair these were made of, at the resolution the network works at. */
  readonly pair: Pair;
}

/**
 * Images with truth, at the resolution a task works at: the training size (masks by the nearest pixel), or an image's
 * own. Decoded pairs are kept while they fit in `memory` bytes; the floats made of them are not.
 */
export class HeldOut {
  private readonly kept = new Map<number, Pair>();
  private free: number;

  constructor(
    private readonly dataset: Dataset,
    private readonly task: Task,
    memory = 2 ** 29,
  ) {
    this.free = memory;
  }

  get length(): number {
    return this.dataset.names.length;
  }

  /** Every example in order; the next one is decoded while the caller works on this one. */
  async *examples(): AsyncGenerator<Example, void, undefined> {
    let ahead: Promise<Pair> | undefined;
    for (let k = 0; k < this.length; k++) {
      const pair: Pair = await (ahead ?? this.pair(k));
      ahead = k + 1 < this.length ? this.pair(k + 1) : undefined;
      // Its failure is the next turn's to report, or nobody's if the caller has left.
      ahead?.catch(() => undefined);
      yield this.example(k, pair);
    }
  }

  async at(index: number): Promise<Example> {
    return this.example(index, await this.pair(index));
  }

  private example(index: number, pair: Pair): Example {
    const name = this.dataset.names[index] ?? String(index);
    return { name, input: prepare(pair.image, this.task), truth: targetOf(pair.mask), pair };
  }

  private async pair(index: number): Promise<Pair> {
    const known = this.kept.get(index);
    if (known) return known;
    const native = await this.dataset.pair(index);
    const [height, width] = this.task.resize ?? [];
    const size = height && width ? { height, width } : native.image;
    const pair = { image: resizePicture(native.image, size), mask: resizeMask(native.mask, size) };
    const bytes = pair.image.data.byteLength + pair.mask.data.byteLength;
    if (bytes <= this.free && !this.kept.has(index)) {
      this.free -= bytes;
      this.kept.set(index, pair);
    }
    return pair;
  }
}
