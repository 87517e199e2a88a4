import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../../../compiler/user-error.js';
import { fileFailure } from '../../../support/files/failure.js';
import { type SampleArray, volumeOf } from '../../image.js';
import type { Format, ImageHeader, Region, SampleType, StoredImage } from '../format.js';
import { cutRegion, placedAt } from '../region.js';
import { checkSize } from '../samples.js';
import { type Source, withSource } from '../source.js';
import { type Stack, stackOf } from './geometry.js';
import { type Instance, isDicom, readInstance } from './instance.js';
import { checkDecodable, readFrames } from './pixels.js';

/** One DICOM file: a slice, or a volume of enhanced frames. */
export const dicomFormat: Format = {
  name: 'DICOM',
  extensions: ['.dcm', '.ima'],
  sniff: isDicom,
  header: async (source) => headerOf(source.path, [await readInstance(source)]).header,
  read: async (source, _options, region) => {
    const instance = await readInstance(source);
    return readVolume(source.path, [instance], (work) => work(source), region);
  },
};

/** The header of a series: a folder of slices. @throws UserError as `readSeries` */
export const readSeriesHeader = async (folder: string): Promise<ImageHeader> =>
  headerOf(folder, await instancesIn(folder)).header;

/**
 * A series as one volume.
 *
 * @throws UserError when the folder holds no DICOM or more than one series, or its slices make no regular grid
 */
export async function readSeries(folder: string, region?: Region): Promise<StoredImage> {
  const instances = await instancesIn(folder);
  return readVolume(folder, instances, (work, path) => withSource(path, work), region);
}

/** Whether a folder holds DICOM files: its first one tells. */
export async function isSeries(folder: string): Promise<boolean> {
  const [first] = await filesIn(folder);
  if (first === undefined) return false;
  return withSource(first, async (source) => isDicom(await source.head(132))).catch(() => false);
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory() && !/^(\..*|dicomdir|thumbs\.db)$/i.test(entry.name));
    return files.map(({ name }) => join(folder, name)).sort();
  } catch (error) {
    throw fileFailure('read', folder, error);
  }
}

async function instancesIn(folder: string): Promise<Instance[]> {
  const files = await filesIn(folder);
  if (files.length === 0)
    throw new UserError('dicom-empty', `${folder} holds no DICOM file`, 'name a folder of slices');
  const instances: Instance[] = [];
  for (const file of files) {
    instances.push(
      await withSource(file, async (source) => {
        if (isDicom(await source.head(132))) return readInstance(source);
        throw new UserError('image-format', `${file} is no DICOM file`, 'keep a series alone in its folder');
      }),
    );
  }
  const series = new Map<string, Instance[]>();
  for (const instance of instances) series.set(instance.series, [...(series.get(instance.series) ?? []), instance]);
  if (series.size > 1) {
    const counts = [...series.values()].map((members) => `${members.length} from ${basename(members[0]!.path)} on`);
    throw new UserError(
      'dicom-series',
      `${folder} holds ${series.size} series: ${counts.slice(0, 4).join(', ')}`,
      'keep each series in a folder of its own',
    );
  }
  return instances;
}

function headerOf(path: string, instances: readonly Instance[]): { header: ImageHeader; stack: Stack } {
  const first = instances[0] as Instance;
  for (const instance of instances) {
    checkDecodable(instance);
    for (const key of ['rows', 'columns', 'samples', 'allocated', 'stored', 'high', 'signed', 'photometric'] as const) {
      if (instance[key] === first[key]) continue;
      throw new UserError(
        'dicom-series',
        `${instance.path} has ${key} ${instance[key]}, but ${basename(first.path)} of the same series has ${first[key]}`,
        'keep slices of one kind in a folder',
      );
    }
  }
  const stack = stackOf(
    path,
    instances.flatMap(({ slices }) => slices),
  );
  const plane = [first.rows, first.columns];
  const type = `${first.signed ? '' : 'u'}int${first.allocated}` as SampleType;
  const alike = stack.slices.every(
    ({ slope, intercept }) => slope === stack.slices[0]!.slope && intercept === stack.slices[0]!.intercept,
  );
  const { slope, intercept } = stack.slices[0]!;
  const header: ImageHeader = {
    format: 'dicom',
    channels: first.samples,
    shape: stack.slices.length > 1 ? [stack.slices.length, ...plane] : plane,
    type,
    bits: first.stored,
    photometric: first.samples === 3 ? 'rgb' : first.photometric === 'MONOCHROME1' ? 'white-is-zero' : 'black-is-zero',
    alpha: false,
    lossy: first.lossy,
    ...(alike && (slope !== 1 || intercept !== 0) ? { rescale: { slope, intercept } } : {}),
    ...stack.placed,
  };
  checkSize(path, header.shape, header.channels, 1, Number.MAX_SAFE_INTEGER);
  return { header, stack };
}

async function readVolume(
  path: string,
  instances: readonly Instance[],
  opened: <T>(work: (source: Source) => Promise<T>, path: string) => Promise<T>,
  region?: Region,
): Promise<StoredImage> {
  const { header, stack } = headerOf(path, instances);
  const first = instances[0] as Instance;
  const deep = stack.slices.length > 1;
  // Only slices of the region are opened.
  const [from, to] =
    region && deep ? [region.start[0]!, region.start[0]! + region.shape[0]!] : [0, stack.slices.length];
  const wanted = stack.slices.slice(from, to);
  const shape = deep ? [wanted.length, ...header.shape.slice(1)] : header.shape;
  const area = first.rows * first.columns;
  const { data, range } = storageOf(first, stack, header.channels * volumeOf(shape));
  const byPath = new Map(instances.map((instance) => [instance.path, instance]));
  const depth = wanted.length;
  for (const file of new Set(wanted.map((slice) => slice.path))) {
    const frames = await opened((source) => readFrames(source, byPath.get(file)!), file);
    for (const [k, { path: of, frame, slope, intercept }] of wanted.entries()) {
      if (of !== file) continue;
      const samples = frames[frame]!;
      for (let c = 0; c < header.channels; c++) {
        const at = (c * depth + k) * area;
        for (let p = 0; p < area; p++) data[at + p] = samples[c * area + p]! * slope + intercept;
      }
    }
  }
  const { spacing, orientation } = header;
  const image: StoredImage = {
    header,
    channels: header.channels,
    shape,
    data,
    range,
    ...(spacing ? { spacing } : {}),
    ...(orientation ? { orientation } : {}),
  };
  if (!region) return image;
  const cut = cutRegion(image, { start: deep ? [0, ...region.start.slice(1)] : region.start, shape: region.shape });
  return orientation ? { ...cut, orientation: placedAt(orientation, spacing, region.start) } : cut;
}

/** The narrowest type that holds every value that these bits and rescaling can make: told by the header, not by the values. */
function storageOf(
  { stored, signed }: Instance,
  { slices }: Stack,
  length: number,
): { data: SampleArray; range: readonly [number, number] } {
  const [low, high] = signed ? [-(2 ** (stored - 1)), 2 ** (stored - 1) - 1] : [0, 2 ** stored - 1];
  const ends = slices.flatMap(({ slope, intercept }) => [low * slope + intercept, high * slope + intercept]);
  const range = [Math.min(...ends), Math.max(...ends)] as const;
  const whole = slices.every(({ slope, intercept }) => Number.isInteger(slope) && Number.isInteger(intercept));
  const [least, most] = range;
  if (whole && least >= 0 && most <= 255) return { data: new Uint8Array(length), range };
  if (whole && least >= 0 && most <= 65535) return { data: new Uint16Array(length), range };
  if (whole && least >= -32768 && most <= 32767) return { data: new Int16Array(length), range };
  return { data: new Float32Array(length), range: whole ? range : [0, 1] };
}
