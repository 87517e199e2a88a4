import { UserError } from '../../../../compiler/user-error.js';
import { corrupt, unsupported } from '../damage.js';
import type { ReadOptions } from '../format.js';
import type { Page } from './directory.js';

/** How pages make an image: page `order[d * channels + c]` is channel c at depth d. */
export interface Stack {
  /** 0: the image has two dimensions. */
  readonly depth: number;
  /** Pages that are channels of one another; each may hold several samples. */
  readonly channels: number;
  readonly order: readonly number[];
  /** Millimetres in [z,] y, x, where all are known. */
  readonly spacing?: readonly number[];
}

/** Millimetres of a unit of length, under the names that microscopes' software writes. */
const units: readonly (readonly [RegExp, number])[] = [
  [/^(µm|μm|um|\\u00b5m|microns?|micrometers?)$/i, 1e-3],
  [/^(nm|nanometers?)$/i, 1e-6],
  [/^(mm|millimeters?)$/i, 1],
  [/^(cm|centimeters?)$/i, 10],
  [/^(m|meters?)$/i, 1000],
  [/^(å|angstroms?)$/i, 1e-7],
  [/^(in|inch|inches)$/i, 25.4],
];
const millimetres = (unit: string): number | undefined => units.find(([name]) => name.test(unit.trim()))?.[1];

/**
 * What the pages of a file are, as OME-XML, ImageJ or tifffile wrote it into the first page's description; or as the
 * caller says. Without either a file of several pages is refused: depth and channels can't be told apart by looking.
 */
export function stackOf(path: string, pages: readonly Page[], options: ReadOptions): Stack {
  const description = pages[0]!.description;
  const count = pages.length;
  const found = /<OME[\s>]/.test(description)
    ? omeOf(path, description, pages)
    : /^ImageJ=/.test(description)
      ? imageJOf(path, description, pages)
      : shapedOf(description, pages);
  const all = Array.from({ length: count }, (_, k) => k);
  if (options.pages !== undefined && count > 1) {
    const channels = options.pages === 'channels' ? count : 1;
    const spacing = found && 'depth' in found && found.depth === count ? found.spacing : undefined;
    return { depth: options.pages === 'depth' ? count : 0, channels, order: all, ...(spacing ? { spacing } : {}) };
  }
  if (found && 'depth' in found) return found;
  if (count === 1) return { depth: 0, channels: 1, order: all };
  throw new UserError(
    'image-pages',
    `${path} holds ${count} pages${found ? `, ${found.unclear}` : ' and does not say what they are'}`,
    'say whether they are slices or channels of one image (--pages depth or --pages channels), or save one image a file',
  );
}

type Found = Stack | { readonly unclear: string } | null;

/** Puts pages into order; `lengths` of z, c and t, and in which order they vary, fastest first. */
function stack(path: string, pages: number, z: number, c: number, t: number, order: string, spacing?: Spacing): Found {
  if (z * c * t !== pages) throw corrupt(path, `it says that it has ${z * c * t} planes, but it holds ${pages} pages`);
  if (t > 1) return { unclear: `of which ${t} are points in time` };
  const strides: Record<string, number> = {};
  let stride = 1;
  for (const axis of order) {
    strides[axis] = stride;
    stride *= axis === 'Z' ? z : axis === 'C' ? c : t;
  }
  const at = Array.from({ length: z * c }, (_, k) => Math.floor(k / c) * strides.Z! + (k % c) * strides.C!);
  const known = spacing ? (z > 1 ? spacing : spacing.slice(1)) : [];
  const millimetre = known.every((value) => value !== undefined && value > 0 && Number.isFinite(value));
  return {
    depth: z > 1 ? z : 0,
    channels: c,
    order: at,
    ...(known.length > 0 && millimetre ? { spacing: known as number[] } : {}),
  };
}

type Spacing = readonly [z: number | undefined, y: number | undefined, x: number | undefined];

/** https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html */
function omeOf(path: string, xml: string, pages: readonly Page[]): Found {
  const images = xml.match(/<Pixels\s[^>]*>/g) ?? [];
  const pixels = images[0];
  if (pixels === undefined) return null;
  if (images.length > 1) throw unsupported(path, `holds ${images.length} images of OME`, 'save one image a file');
  const attribute = (tag: string, name: string): string | undefined =>
    new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  const size = (name: string): number => Number(attribute(pixels, `Size${name}`) ?? 1);
  const length = (axis: string): number | undefined => {
    const value = attribute(pixels, `PhysicalSize${axis}`);
    const factor = millimetres(attribute(pixels, `PhysicalSize${axis}Unit`) ?? 'µm');
    return value === undefined || factor === undefined ? undefined : Number(value) * factor;
  };
  if (/<UUID\s[^>]*FileName="/.test(xml) && new Set(xml.match(/FileName="[^"]*"/g)).size > 1) {
    throw unsupported(path, 'is a part of an image spread over several files', 'save it as one file');
  }
  const samples = pages[0]!.samples;
  const order = (attribute(pixels, 'DimensionOrder') ?? 'XYZCT').slice(2);
  if (!/^(ZCT|ZTC|CZT|CTZ|TZC|TCZ)$/.test(order)) throw corrupt(path, `its DimensionOrder is XY${order}`);
  const [z, c, t] = [size('Z'), size('C') / samples, size('T')];
  if (!(Number.isInteger(z) && Number.isInteger(c) && Number.isInteger(t) && z > 0 && c > 0 && t > 0)) {
    throw corrupt(path, 'its OME-XML gives sizes that its pages do not have');
  }
  // A plane listed at another page than its turn would be read wrongly by order alone.
  for (const tag of xml.match(/<TiffData\s[^>]*IFD="\d+"[^>]*>/g) ?? []) {
    const first = (axis: string): number => Number(attribute(tag, `First${axis}`) ?? 0);
    const turn = { Z: first('Z'), C: first('C') / samples, T: first('T') };
    const lengths = { Z: z, C: c, T: t };
    let page = 0;
    for (const axis of [...order].reverse() as ('Z' | 'C' | 'T')[]) page = page * lengths[axis] + turn[axis];
    if (page !== Number(attribute(tag, 'IFD'))) {
      throw unsupported(path, 'keeps its planes in an order of its own', 'save it anew as OME-TIFF');
    }
  }
  return stack(path, pages.length, z, c, t, order, [length('Z'), length('Y'), length('X')]);
}

/** What ImageJ writes: lines of `key=value`; channels vary fastest, then slices, then frames. */
function imageJOf(path: string, description: string, pages: readonly Page[]): Found {
  const fields = new Map(
    description.split(/\r?\n/).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const count = (key: string): number => Number(fields.get(key) ?? 1) || 1;
  const images = count('images');
  if (images > 1 && pages.length === 1) {
    throw unsupported(path, `holds ${images} images of ImageJ behind one page`, 'save it anew in less than 4 GB');
  }
  const factor = millimetres(fields.get('unit') ?? '');
  const resolution = pages[0]!.resolution;
  const plane = factor !== undefined && resolution ? resolution.map((perUnit) => factor / perUnit) : [];
  const depth = factor === undefined ? undefined : Number(fields.get('spacing')) * factor;
  const spacing: Spacing = [depth !== undefined && depth !== 0 ? Math.abs(depth) : undefined, plane[1], plane[0]];
  const [c, z, t] = [count('channels'), count('slices'), count('frames')];
  // A stack without hyperstack's fields: pages that nobody has named.
  if (c * z * t === 1 && pages.length > 1) return null;
  return stack(path, pages.length, z, c, t, 'CZT', spacing);
}

/** tifffile's `{"shape": [...], "axes": "ZYX"}`; without axes it says nothing that can be used. */
function shapedOf(description: string, pages: readonly Page[]): Found {
  if (!description.startsWith('{"shape":')) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(description);
  } catch {
    return null;
  }
  const { axes, shape } = parsed as { axes?: unknown; shape?: unknown };
  if (typeof axes !== 'string' || !Array.isArray(shape) || shape.length !== axes.length) return null;
  const length = (axis: string): number => (axes.includes(axis) ? Number(shape[axes.indexOf(axis)]) : 1);
  const order = [...axes].filter((axis) => 'ZCT'.includes(axis)).reverse();
  if (length('Z') * length('C') * length('T') !== pages.length) return null;
  for (const axis of 'ZCT') if (!order.includes(axis)) order.push(axis);
  return stack('', pages.length, length('Z'), length('C'), length('T'), order.join(''));
}
