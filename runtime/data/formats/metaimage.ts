import { basename, dirname, join } from 'node:path';
import { corrupt, unsupported } from './damage.js';
import type { Format, ImageHeader, SampleType } from './format.js';
import { turnLps } from './placement.js';
import { type RawLayout, readRaw } from './raw.js';
import { bytesOf, checkSize } from './samples.js';
import { inflated, type Source, withSource } from './source.js';
import { numbersOf, readLines } from './text-header.js';

/** https://itk.org/Wiki/ITK/MetaIO/Documentation */
const types: Readonly<Record<string, SampleType>> = {
  MET_UCHAR: 'uint8',
  MET_CHAR: 'int8',
  MET_USHORT: 'uint16',
  MET_SHORT: 'int16',
  MET_UINT: 'uint32',
  MET_INT: 'int32',
  MET_ULONG_LONG: 'uint64',
  MET_LONG_LONG: 'int64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
};

/** MetaImage of ITK: .mha with its pixels inside, or .mhd beside a raw file; zlib-compressed or not. */
export const metaImageFormat: Format = {
  name: 'MetaImage',
  extensions: ['.mha', '.mhd'],
  sniff: (head) => /^\s*(ObjectType\s*=\s*Image|Comment\s*=|NDims\s*=)/.test(latin1(head)),
  header: async (source) => (await open(source)).header,
  read: async (source, _options, region) => {
    const { header, layout, file, compressed, start } = await open(source);
    const from = (pixels: Source) =>
      compressed
        ? readRaw(inflated(pixels, 'zlib', start), header, layout, region)
        : readRaw(pixels, header, layout, region);
    return file === null ? from(source) : withSource(file, from);
  },
};

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes.subarray(0, 200));

async function open(source: Source): Promise<{
  header: ImageHeader;
  layout: RawLayout;
  file: string | null;
  compressed: boolean;
  start: number;
}> {
  const { path } = source;
  const { lines, end } = await readLines(source, (line) => /^\s*ElementDataFile\s*=/.test(line));
  const fields = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at > 0) fields.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const need = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw corrupt(path, `its header has no ${name}`);
    return value;
  };
  const yes = (name: string): boolean => /^(true|1)$/i.test(fields.get(name) ?? '');
  const rank = numbersOf(path, 'NDims', need('NDims'), 1)[0]!;
  if (rank !== 2 && rank !== 3) {
    throw unsupported(path, `has ${rank} dimensions`, 'save it as images of 2 or 3 dimensions');
  }
  const sizes = numbersOf(path, 'DimSize', need('DimSize'), rank);
  const type = types[need('ElementType').replace(/_ARRAY$/, '')];
  if (type === undefined) {
    throw unsupported(path, `holds samples of type ${need('ElementType').slice(0, 40)}`, 'convert it to a common type');
  }
  const channels = numbersOf(path, 'ElementNumberOfChannels', fields.get('ElementNumberOfChannels') ?? '1', 1)[0]!;
  if (/^false$/i.test(fields.get('BinaryData') ?? 'true')) {
    throw unsupported(path, 'holds its samples as text', 'save it with binary data');
  }
  const spacing = numbersOf(path, 'spacing', fields.get('ElementSpacing') ?? '1 '.repeat(rank), rank);
  if (spacing.some((value) => !(value > 0))) throw corrupt(path, `its spacing is ${spacing.join(' ')}`);
  const offset = numbersOf(path, 'origin', field(fields, 'Offset', 'Position', 'Origin') ?? '0 '.repeat(rank), rank);
  const matrix = field(fields, 'TransformMatrix', 'Rotation', 'Orientation');
  const cosines = matrix
    ? numbersOf(path, 'TransformMatrix', matrix, rank * rank)
    : Array.from({ length: rank * rank }, (_, k) => Number(k % (rank + 1) === 0));
  const pad = (vector: readonly number[]): number[] => [...vector, 0, 0].slice(0, 3);
  // A row of the matrix is the direction of an axis, fastest first.
  const directions = Array.from({ length: rank }, (_, axis) =>
    turnLps(pad(cosines.slice(axis * rank, (axis + 1) * rank))),
  ).reverse();
  const stated = fields.has('ElementSpacing') || fields.has('ElementSize');
  const header: ImageHeader = {
    format: 'metaimage',
    channels,
    shape: [...sizes].reverse(),
    type,
    bits: 8 * bytesOf[type],
    photometric: 'black-is-zero',
    alpha: false,
    lossy: false,
    ...(stated ? { spacing: [...spacing].reverse() } : {}),
    ...(matrix ? { orientation: { origin: turnLps(pad(offset)), directions } } : {}),
  };
  const name = need('ElementDataFile');
  if (/^LIST\b/.test(name) || name.includes('%')) {
    throw unsupported(path, 'spreads its slices over files', 'save it as one .mha file');
  }
  const local = name === 'LOCAL';
  // A header names a file beside itself, never one elsewhere.
  const file = local ? null : join(dirname(path), basename(name.replaceAll('\\', '/')));
  const compressed = yes('CompressedData');
  const skip = numbersOf(path, 'HeaderSize', fields.get('HeaderSize') ?? '0', 1)[0]!;
  const start = local ? end : Math.max(0, skip);
  const layout: RawLayout = {
    offset: compressed ? 0 : start,
    type,
    little: !(yes('BinaryDataByteOrderMSB') || yes('ElementByteOrderMSB')),
    outside: channels > 1 ? rank : 0,
  };
  if (local && !compressed) checkSize(path, header.shape, channels, bytesOf[type], source.size - end);
  return { header, layout, file, compressed, start };
}

function field(fields: ReadonlyMap<string, string>, ...names: readonly string[]): string | undefined {
  for (const name of names) if (fields.has(name)) return fields.get(name);
  return undefined;
}
