import { type SampleArray, volumeOf } from '../image.js';
import type { ImageHeader, Region, SampleType, StoredImage } from './format.js';
import { cutRegion, placedAt } from './region.js';
import { bytesOf, checkRegion, checkSize, rangeOfType, samplesOf, toPlanar } from './samples.js';
import type { Source } from './source.js';

/** Samples that lie one after the other in a file, as in NIfTI, NRRD and MetaImage. */
export interface RawLayout {
  /** Of the first sample. */
  readonly offset: number;
  readonly type: SampleType;
  readonly little: boolean;
  /** How many of the spatial axes (slowest first) lie before, that is outside, the channels; 0: the channels are outermost. */
  readonly outside: number;
}

/**
 * Reads raw samples into an image. A region reads only the slabs it needs of the slowest axis.
 *
 * @throws UserError when the file is shorter than its header says
 */
export async function readRaw(
  source: Source,
  header: ImageHeader,
  layout: RawLayout,
  region?: Region,
): Promise<StoredImage> {
  const { shape, channels } = header;
  const { offset, type, little, outside } = layout;
  const size = bytesOf[type];
  checkSize(source.path, shape, channels, size, source.size - offset);
  if (region) checkRegion(region, shape);
  const first = region ? region.start[0]! : 0;
  const slabs = region ? region.shape[0]! : shape[0]!;
  const slab = volumeOf(shape.slice(1));
  const part = [slabs, ...shape.slice(1)];
  let raw: SampleArray;
  if (outside === 0) {
    const parts: SampleArray[] = [];
    if (slabs === shape[0]!) {
      parts.push(samplesOf(source.path, await source.read(offset, size * channels * slab * slabs), type, little));
    } else {
      for (let c = 0; c < channels; c++) {
        const at = offset + size * slab * (c * shape[0]! + first);
        parts.push(samplesOf(source.path, await source.read(at, size * slab * slabs), type, little));
      }
    }
    raw = joined(parts);
  } else {
    const at = offset + size * slab * channels * first;
    const bytes = await source.read(at, size * slab * slabs * channels);
    const samples = samplesOf(source.path, bytes, type, little);
    raw = toPlanar(samples, volumeOf(part.slice(0, outside)), channels, volumeOf(part.slice(outside)));
  }
  const data = rescaled(raw, header.rescale);
  const { spacing, orientation } = header;
  const whole: StoredImage = {
    header,
    channels,
    shape: part,
    data,
    range: data instanceof Float32Array && header.rescale ? [0, 1] : rangeOfType(type),
    ...(spacing ? { spacing } : {}),
    ...(orientation ? { orientation } : {}),
  };
  if (!region) return whole;
  // Of the slowest axis only the wanted slabs were read; the others are cut in memory.
  const cut = cutRegion(whole, { start: [0, ...region.start.slice(1)], shape: region.shape });
  return orientation ? { ...cut, orientation: placedAt(orientation, spacing, region.start) } : cut;
}

function joined(parts: readonly SampleArray[]): SampleArray {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const out = new (first.constructor as new (length: number) => SampleArray)(parts.length * first.length);
  for (const [k, part] of parts.entries()) out.set(part as never, k * first.length);
  return out;
}

/** Values of stored samples, computed in double precision and rounded once to floats. */
export function rescaled(data: SampleArray, rescale: ImageHeader['rescale']): SampleArray {
  if (!rescale) return data;
  const { slope, intercept } = rescale;
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = data[i]! * slope + intercept;
  return out;
}
