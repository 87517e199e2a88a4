import { basename, dirname, join } from 'node:path';
import { corrupt, unsupported } from './damage.js';
import type { Format, ImageHeader, SampleType } from './format.js';
import { type Placed, turnLps } from './placement.js';
import { type RawLayout, readRaw } from './raw.js';
import { bytesOf, checkSize } from './samples.js';
import { inflated, type Source, withSource } from './source.js';
import { numbersOf, readLines } from './text-header.js';

/** https://teem.sourceforge.net/nrrd/format.html, section 5: names of types. */
const types: Readonly<Record<string, SampleType>> = Object.fromEntries(
  (
    [
      ['int8', 'signed char', 'int8', 'int8_t'],
      ['uint8', 'uchar', 'unsigned char', 'uint8', 'uint8_t'],
      ['int16', 'short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
      ['uint16', 'ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
      ['int32', 'int', 'signed int', 'int32', 'int32_t'],
      ['uint32', 'uint', 'unsigned int', 'uint32', 'uint32_t'],
      ['int64', 'longlong', 'long long', 'long long int', 'signed long long', 'int64', 'int64_t'],
      ['uint64', 'ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
      ['float32', 'float'],
      ['float64', 'double'],
    ] as const
  ).flatMap(([type, ...names]) => names.map((name) => [name, type] as const)),
);

/** NRRD, attached (.nrrd) or beside its data (.nhdr); raw, gzip or raw in either byte order. */
export const nrrdFormat: Format = {
  name: 'NRRD',
  extensions: ['.nrrd', '.nhdr'],
  sniff: (head) => new TextDecoder('latin1').decode(head.subarray(0, 7)).startsWith('NRRD000'),
  header: async (source) => (await open(source)).header,
  read: async (source, _options, region) => {
    const { header, layout, file, packed, start } = await open(source);
    const from = (pixels: Source) =>
      packed
        ? readRaw(inflated(pixels, 'gzip', start), header, layout, region)
        : readRaw(pixels, header, layout, region);
    return file === null ? from(source) : withSource(file, from);
  },
};

async function open(source: Source): Promise<{
  header: ImageHeader;
  layout: RawLayout;
  file: string | null;
  packed: boolean;
  start: number;
}> {
  const { path } = source;
  const { lines, end } = await readLines(source, (line) => line.trim() === '');
  const fields = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const found = /^([^:#]+): ?(.*)$/.exec(line);
    if (found) fields.set(found[1]!.trim().toLowerCase().replaceAll(' ', ''), found[2]!.trim());
  }
  const need = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw corrupt(path, `its header has no ${name}`);
    return value;
  };
  const dimension = numbersOf(path, 'dimension', need('dimension'), 1)[0]!;
  if (!(dimension >= 1 && dimension <= 16)) throw corrupt(path, `it says that it has ${dimension} dimensions`);
  const sizes = numbersOf(path, 'sizes', need('sizes'), dimension);
  const type = types[need('type').toLowerCase()];
  if (type === undefined) {
    throw unsupported(path, `holds samples of type ${need('type').slice(0, 40)}`, 'convert it to a common type');
  }
  const { channelAxis, spatial } = axesOf(path, fields, dimension, sizes);
  const header: ImageHeader = {
    format: 'nrrd',
    channels: channelAxis < 0 ? 1 : sizes[channelAxis]!,
    shape: spatial.map((axis) => sizes[axis]!).reverse(),
    type,
    bits: 8 * bytesOf[type],
    photometric: 'black-is-zero',
    alpha: false,
    lossy: false,
    ...placementOf(path, fields, spatial, dimension),
  };
  const encoding = need('encoding').toLowerCase();
  const packed = encoding === 'gzip' || encoding === 'gz';
  if (!packed && encoding !== 'raw') {
    throw unsupported(path, `is encoded as ${encoding.slice(0, 20)}`, 'save it with the encoding raw or gzip');
  }
  const bigEndian = (fields.get('endian') ?? 'little').toLowerCase() === 'big';
  const name = fields.get('datafile');
  if (name !== undefined && (/^LIST\b/i.test(name) || name.includes('%'))) {
    throw unsupported(path, 'spreads its data over files', 'save it as one .nrrd file');
  }
  const skip = numbersOf(path, 'byte skip', fields.get('byteskip') ?? '0', 1)[0]!;
  if (skip !== 0 || (fields.get('lineskip') ?? '0') !== '0') {
    throw unsupported(path, 'skips lines or bytes before its data', 'save it as one .nrrd file');
  }
  const file = name === undefined ? null : join(dirname(path), basename(name.replaceAll('\\', '/')));
  const start = file === null ? end : 0;
  const layout: RawLayout = {
    offset: packed ? 0 : start,
    type,
    little: !bigEndian,
    outside: channelAxis < 0 ? 0 : spatial.filter((axis) => axis > channelAxis).length,
  };
  if (file === null && !packed) checkSize(path, header.shape, header.channels, bytesOf[type], source.size - end);
  return { header, layout, file, packed, start };
}

/** Which axis (fastest first) holds channels, -1: none; and the two or three that are of space. */
function axesOf(
  path: string,
  fields: ReadonlyMap<string, string>,
  dimension: number,
  sizes: readonly number[],
): { channelAxis: number; spatial: number[] } {
  const axes = sizes.map((_, axis) => axis);
  const kinds = fields.get('kinds')?.split(/\s+/);
  const vectors = vectorsOf(fields.get('spacedirections'));
  const isSpace = (axis: number): boolean => {
    if (vectors && vectors[axis] === null) return false;
    const kind = kinds?.[axis]?.toLowerCase();
    return kind === undefined || kind === '???' || kind === 'domain' || kind === 'space';
  };
  let spatial = axes.filter(isSpace);
  // Four axes, none named: the last is time or components, as in NIfTI.
  if (spatial.length === 4 && !kinds && !vectors) spatial = [0, 1, 2];
  const others = axes.filter((axis) => !spatial.includes(axis));
  if (others.length > 1 || spatial.length < 2 || spatial.length > 3) {
    throw unsupported(
      path,
      `has ${dimension} axes, of which ${spatial.length} are of space`,
      'save it with 2 or 3 axes of space and at most one of channels',
    );
  }
  return { channelAxis: others[0] ?? -1, spatial };
}

/** `(1,0,0) none (0,1,0)`: a vector or null for each axis. */
function vectorsOf(text: string | undefined): (number[] | null)[] | null {
  if (text === undefined) return null;
  return (text.match(/none|\([^)]*\)/gi) ?? []).map((part) =>
    part.startsWith('(') ? part.slice(1, -1).split(',').map(Number) : null,
  );
}

/** How a space's axes become RAS+; null for one that says nothing of a patient. */
function turnOf(space: string | undefined): ((vector: readonly number[]) => number[]) | null {
  switch (space?.toLowerCase()) {
    case 'right-anterior-superior':
    case 'ras':
      return (vector) => [...vector];
    case 'left-posterior-superior':
    case 'lps':
      return turnLps;
    case 'left-anterior-superior':
    case 'las':
      return ([x = 0, y = 0, z = 0]) => [0 - x, y, z];
    default:
      return null;
  }
}

function placementOf(
  path: string,
  fields: ReadonlyMap<string, string>,
  spatial: readonly number[],
  dimension: number,
): Partial<Placed> {
  const slowest = [...spatial].reverse();
  const vectors = vectorsOf(fields.get('spacedirections'));
  if (vectors) {
    if (vectors.length !== dimension) throw corrupt(path, 'its space directions are not one for each axis');
    const found = slowest.map((axis) => vectors[axis] ?? []);
    const spacing = found.map((vector) => Math.hypot(...vector));
    if (spacing.some((value) => !(value > 0 && Number.isFinite(value)))) {
      throw corrupt(path, 'its space directions have an axis of no length');
    }
    const turn = turnOf(fields.get('space'));
    // Vectors of two numbers, or of a space that is no patient's, tell distances only.
    if (!turn || found.some((vector) => vector.length !== 3)) return { spacing };
    const origin = vectorsOf(fields.get('spaceorigin'))?.[0] ?? [0, 0, 0];
    if (origin.length !== 3 || !origin.every(Number.isFinite)) throw corrupt(path, 'its space origin is no point');
    const directions = found.map((vector, k) => turn(vector.map((value) => value / spacing[k]!)));
    return { spacing, orientation: { origin: turn(origin), directions } };
  }
  const spacings = fields.get('spacings')?.split(/\s+/).map(Number);
  const spacing = spacings ? slowest.map((axis) => spacings[axis] ?? Number.NaN) : [];
  return spacing.length > 0 && spacing.every((value) => value > 0 && Number.isFinite(value)) ? { spacing } : {};
}
