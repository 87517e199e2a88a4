import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { corrupt, unsupported } from '../damage.js';
import type { Source } from '../source.js';

/** One image of a DICOM file: the whole file, or a frame of it. */
export interface Slice {
  readonly path: string;
  /** From 0. */
  readonly frame: number;
  /** [x, y, z] of the first pixel in DICOM's space (LPS), millimetres; null where the file does not say. */
  readonly position: readonly number[] | null;
  /** Of a row from left to right, then of a column from top to bottom: two unit vectors in LPS. */
  readonly axes: readonly number[] | null;
  /** Millimetres from row to row, and from column to column. */
  readonly spacing: readonly number[] | null;
  readonly slope: number;
  readonly intercept: number;
}

/** What a DICOM file says of itself. Standard PS3.3, C.7.6. */
export interface Instance {
  readonly path: string;
  readonly series: string;
  readonly transferSyntax: string;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  /** Samples of a pixel lie apart, in planes. */
  readonly planar: boolean;
  readonly photometric: string;
  /** 8, 16 or 32 bits that a sample takes, of which `stored` are used up to `high`. */
  readonly allocated: number;
  readonly stored: number;
  readonly high: number;
  readonly signed: boolean;
  readonly slices: readonly Slice[];
  readonly lossy: boolean;
}

/** A header that is longer than this is read with the whole file. */
const headBytes = 1 << 17;
/** More frames than a volume can have. */
const mostFrames = 1 << 16;

export const isDicom = (head: Uint8Array): boolean =>
  head.length >= 132 && String.fromCharCode(...head.subarray(128, 132)) === 'DICM';

/** Parses a file up to its pixels, or with them. @throws UserError when it is damaged */
export async function parse(source: Source, pixels: boolean): Promise<DataSet> {
  const attempt = (bytes: Uint8Array): DataSet =>
    dicomParser.parseDicom(bytes, {
      ...(pixels ? {} : { untilTag: 'x7fe00010' }),
      inflater: (all: Uint8Array, position: number) => {
        // Deflate makes at most 1032 bytes of one.
        const inflated = inflateRawSync(all.subarray(position), { maxOutputLength: Math.max(1024, 1032 * all.length) });
        const out = new Uint8Array(position + inflated.length);
        out.set(all.subarray(0, position));
        out.set(inflated, position);
        return out;
      },
    });
  if (!pixels && source.size > headBytes) {
    try {
      return attempt(await source.head(headBytes));
    } catch {
      // Longer than that, deflated, or damaged: the whole file tells.
    }
  }
  try {
    return attempt(await source.read(0, source.size));
  } catch (error) {
    throw corrupt(source.path, messageOf(error));
  }
}

/** dicom-parser throws texts and objects as well as errors. */
const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message;
  const exception = (error as { exception?: unknown } | null)?.exception;
  return String(exception ?? error);
};

/** @throws UserError when what describes the pixels is missing or makes no sense */
export async function readInstance(source: Source): Promise<Instance> {
  const { path } = source;
  const data = await parse(source, false);
  try {
    return instanceOf(path, data);
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') throw error;
    throw corrupt(path, messageOf(error));
  }
}

function instanceOf(path: string, data: DataSet): Instance {
  const [rows, columns] = [data.uint16('x00280010'), data.uint16('x00280011')];
  if (!rows || !columns) throw unsupported(path, 'is a DICOM file without an image', 'remove it from the folder');
  const allocated = data.uint16('x00280100') ?? 0;
  const stored = data.uint16('x00280101') ?? allocated;
  const high = data.uint16('x00280102') ?? stored - 1;
  if (![8, 16, 32].includes(allocated) || stored < 1 || stored > allocated || high < stored - 1 || high >= allocated) {
    throw unsupported(path, `has samples of ${stored} bits in ${allocated}`, 'convert it to 8 or 16 bits');
  }
  const frames = data.intString('x00280008') ?? 1;
  if (!(frames >= 1 && frames <= mostFrames)) throw corrupt(path, `it says that it has ${frames} frames`);
  const shared = data.elements.x52009229?.items?.[0]?.dataSet;
  const each = data.elements.x52009230?.items;
  if (frames > 1 && !each) {
    throw unsupported(path, `holds ${frames} frames and does not say where they lie`, 'save it as a series of slices');
  }
  if (each && each.length < frames) throw corrupt(path, `it describes ${each.length} of its ${frames} frames`);
  const slices = Array.from({ length: frames }, (_, frame) => {
    const own = each?.[frame]?.dataSet;
    return sliceOf(
      path,
      frame,
      [own, shared].filter((group) => group !== undefined),
      data,
    );
  });
  return {
    path,
    series: data.string('x0020000e') ?? '',
    transferSyntax: data.string('x00020010') ?? '1.2.840.10008.1.2',
    rows,
    columns,
    samples: data.uint16('x00280002') ?? 1,
    planar: data.uint16('x00280006') === 1,
    photometric: data.string('x00280004') ?? 'MONOCHROME2',
    allocated,
    stored,
    high,
    signed: data.uint16('x00280103') === 1,
    slices,
    lossy: data.string('x00282110') === '01',
  };
}

/** A frame's own description, its file's shared one, then the file's own attributes as in files of one slice. */
function sliceOf(path: string, frame: number, groups: readonly DataSet[], data: DataSet): Slice {
  const values = (group: string, tag: string, count: number): number[] | null => {
    const nested = groups.map((g) => g.elements[group]?.items?.[0]?.dataSet).find((g) => g?.elements[tag]);
    const text = (nested ?? data).string(tag);
    if (text === undefined) return null;
    const found = text.split('\\').map(Number);
    if (found.length < count || !found.every(Number.isFinite)) throw corrupt(path, `its attribute ${tag} is "${text}"`);
    return found.slice(0, count);
  };
  const spacing = values('x00289110', 'x00280030', 2);
  if (spacing?.some((value) => !(value > 0))) throw corrupt(path, `its pixel spacing is ${spacing}`);
  return {
    path,
    frame,
    position: values('x00209113', 'x00200032', 3),
    axes: values('x00209116', 'x00200037', 6),
    spacing,
    slope: values('x00289145', 'x00281053', 1)?.[0] ?? 1,
    intercept: values('x00289145', 'x00281052', 1)?.[0] ?? 0,
  };
}

export type { DataSet, Element };
