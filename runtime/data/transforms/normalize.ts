import { type Grid, type SampleArray, volumeOf } from '../image.js';

/** Per channel: `sample * gain + bias`. */
export interface Normalize {
  readonly kind: 'normalize';
  readonly gain: readonly number[];
  readonly bias: readonly number[];
  /** Of a channel whose gain is 0, the value that all of its samples have: what the inverse gives back. */
  readonly constant: readonly (number | null)[];
}

/** What gives each channel mean 0 and deviation 1; a channel of one value becomes 0. */
export function standardized({ channels, shape, data }: Grid): Normalize {
  const volume = volumeOf(shape);
  const each = Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c * volume; i < (c + 1) * volume; i++) sum += data[i]!;
    const mean = sum / volume;
    // About the mean: squares of large counts would swallow a small deviation.
    let squares = 0;
    for (let i = c * volume; i < (c + 1) * volume; i++) squares += (data[i]! - mean) ** 2;
    const deviation = Math.sqrt(squares / volume);
    if (deviation > 0) return { gain: 1 / deviation, bias: -mean / deviation, constant: null };
    return { gain: 0, bias: 0, constant: data[c * volume]! };
  });
  return {
    kind: 'normalize',
    gain: each.map(({ gain }) => gain),
    bias: each.map(({ bias }) => bias),
    constant: each.map(({ constant }) => constant),
  };
}

/** What brings `low` to 0 and `high` to 1 in every channel: a window, as of Hounsfield units. Nothing is clipped. */
export function windowed(channels: number, low: number, high: number): Normalize {
  const all = <T>(value: T): T[] => new Array<T>(channels).fill(value);
  return { kind: 'normalize', gain: all(1 / (high - low)), bias: all(-low / (high - low)), constant: all(null) };
}

export function invertNormalize({ gain, bias, constant }: Normalize): Normalize {
  return {
    kind: 'normalize',
    gain: gain.map((value) => (value === 0 ? 0 : 1 / value)),
    bias: bias.map((value, c) => (gain[c] === 0 ? (constant[c] ?? 0) : -value / gain[c]!)),
    constant: bias.map((value, c) => (gain[c] === 0 ? value : null)),
  };
}

/** Floats, whatever type goes in. */
export function applyNormalize(grid: Grid<SampleArray>, { gain, bias }: Normalize): Grid<Float32Array> {
  const volume = volumeOf(grid.shape);
  const data = new Float32Array(grid.data.length);
  for (let c = 0; c < grid.channels; c++) {
    const scale = gain[c]!;
    const shift = bias[c]!;
    for (let i = c * volume; i < (c + 1) * volume; i++) data[i] = grid.data[i]! * scale + shift;
  }
  return { ...grid, data };
}
