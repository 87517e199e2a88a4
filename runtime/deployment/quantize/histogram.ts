import type { Range } from '../../../compiler/3-transform/quantize/index.js';

/** Fine enough that a range cut at a bin's edge differs from the best one by 1/8 of a level. */
const bins = 2048;

/** The extent of the numbers a value took. Not finite: it took some that are not, or none. */
export class Extent {
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;

  add(numbers: Float32Array): void {
    let { low, high } = this;
    for (let k = 0; k < numbers.length; k++) {
      const v = numbers[k] as number;
      if (v < low) low = v;
      if (v > high) high = v;
    }
    this.low = low;
    this.high = high;
  }
}

/** How often a value took numbers from each of 2048 stretches of its extent. */
export class Histogram {
  readonly counts = new Float64Array(bins);
  readonly low: number;
  readonly high: number;

  constructor({ low, high }: Range) {
    this.low = low;
    this.high = high;
  }

  get width(): number {
    return (this.high - this.low) / bins;
  }

  add(numbers: Float32Array): void {
    const { counts, low, width } = this;
    const perBin = width > 0 ? 1 / width : 0;
    for (let k = 0; k < numbers.length; k++) {
      const bin = Math.floor(((numbers[k] as number) - low) * perBin);
      const at = bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
      counts[at] = (counts[at] as number) + 1;
    }
  }
}
