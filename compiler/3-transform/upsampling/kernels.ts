/** A row-major tensor of weights: [O, I, ...kernel]. */
export interface Kernel {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Only these input channels, `[start, length]` of each range, in order. */
export function inputChannels({ data, shape }: Kernel, ranges: readonly (readonly [number, number])[]): Float32Array {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const taps = product(kernel);
  const kept = ranges.reduce((n, [, length]) => n + length, 0);
  const part = new Float32Array(outputs * kept * taps);
  let at = 0;
  for (let o = 0; o < outputs; o++) {
    for (const [start, length] of ranges) {
      const from = (o * inputs + start) * taps;
      part.set(data.subarray(from, from + length * taps), at);
      at += length * taps;
    }
  }
  return part;
}

/** Along one dimension: the first element that a window reads, from its own place on, and which element each tap reads from there. */
export interface Taps {
  readonly first: number;
  readonly of: readonly number[];
  /** How many elements there are. */
  readonly count: number;
}

/**
 * What a window of `kernel` taps, `begin` of padding before, reads of the small image at phase `p` of what `upsample` made of it by
 * `scale`: tap t of element s h + p stands on element h + floor((p + t - begin) / s).
 */
export function tapsOfPhase(kernel: number, begin: number, scale: number, phase: number): Taps {
  const read = Array.from({ length: kernel }, (_, t) => Math.floor((phase + t - begin) / scale));
  const [first, last] = [read[0] as number, read[kernel - 1] as number];
  return { first, of: read.map((at) => at - first), count: last - first + 1 };
}

/** The weights of taps that read the same element, summed: [O, I, ...kernel] -> [O, I, ...counts]. In float64, rounded once. */
export function summedTaps({ data, shape }: Kernel, taps: readonly Taps[]): Float32Array {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const counts = taps.map(({ count }) => count);
  const [before, after] = [product(kernel), product(counts)];
  /** By element, the taps that read it. */
  const terms = Array.from({ length: after }, (): number[] => []);
  for (let tap = 0; tap < before; tap++) {
    let [rest, place, stride] = [tap, 0, 1];
    for (let i = kernel.length - 1; i >= 0; i--) {
      const size = kernel[i] as number;
      place += ((taps[i] as Taps).of[rest % size] as number) * stride;
      stride *= counts[i] as number;
      rest = Math.floor(rest / size);
    }
    terms[place]?.push(tap);
  }
  const summed = new Float32Array(outputs * inputs * after);
  for (let k = 0; k < outputs * inputs; k++) {
    for (let place = 0; place < after; place++) {
      let sum = 0;
      for (const tap of terms[place] as number[]) sum += data[k * before + tap] as number;
      summed[k * after + place] = sum;
    }
  }
  return summed;
}

/**
 * The kernel of the transposed convolution that is upsample by `scale` and then this convolution: [O, I, ...k] ->
 * [I, O, ...k + s - 1], whose tap u sums the weights t from k - 1 - u on, as many as the scale (compiler/ops/upsample-kernel.ts).
 */
export function transposedKernel({ data, shape }: Kernel, scale: readonly number[]): Float32Array {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const large = kernel.map((k, i) => k + (scale[i] as number) - 1);
  const [before, after] = [product(kernel), product(large)];
  // By tap of the large kernel, the taps that it sums.
  const terms = Array.from({ length: after }, (_, u) => {
    let rest = u;
    const at = large.map(() => 0);
    for (let i = large.length - 1; i >= 0; i--) {
      at[i] = rest % (large[i] as number);
      rest = Math.floor(rest / (large[i] as number));
    }
    return Array.from({ length: before }, (_, tap) => tap).filter((tap) => {
      let left = tap;
      for (let i = kernel.length - 1; i >= 0; i--) {
        const k = kernel[i] as number;
        const distance = (left % k) - (k - 1 - (at[i] as number));
        if (distance < 0 || distance >= (scale[i] as number)) return false;
        left = Math.floor(left / k);
      }
      return true;
    });
  });
  const summed = new Float32Array(inputs * outputs * after);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const [from, to] = [(o * inputs + i) * before, (i * outputs + o) * after];
      for (let u = 0; u < after; u++) {
        let sum = 0;
        for (const tap of terms[u] as number[]) sum += data[from + tap] as number;
        summed[to + u] = sum;
      }
    }
  }
  return summed;
}
