import sharp from 'sharp';
import { mapEach } from '../each.js';
import type { ReadOptions } from '../formats/index.js';
import { type Image, makePicture, samplesLike, volumeOf } from '../image.js';
import type { SampleFiles } from '../layouts/index.js';
import { readMask } from '../masks/index.js';
import { type Mask, planesOf } from '../picture.js';
import { displayed } from '../png.js';
import { readInput } from '../read-image.js';
import type { Surveyed } from './index.js';

/** A sample as it is drawn: RGB, `side` by `side` at most, on a dark ground. */
export interface Tile {
  readonly name: string;
  readonly png: Buffer;
}

const side = 192;
const gap = 8;
const ground = { r: 24, g: 24, b: 27 };

/** Contours by class: told apart with red-green blindness, and seen on dark and light (Okabe & Ito, 2008). */
const palette = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
] as const;
/** Pixels that are left out. */
const leftOutColor = [255, 255, 255] as const;

/** Images with the contours of their masks, evenly from the first to the last. */
export async function drawTiles(surveyed: Surveyed, read: ReadOptions, most = 24): Promise<Tile[]> {
  const { samples } = surveyed.files;
  const count = Math.min(most, samples.length);
  const chosen = Array.from({ length: count }, (_, k) => Math.floor((k * samples.length) / count));
  return mapEach(chosen, async (index) => {
    const sample = samples[index] as SampleFiles;
    return { name: sample.name, png: await drawTile(surveyed, sample, index, read) };
  });
}

/** The tiles as one PNG, six a row. */
export async function sheetPng(tiles: readonly Tile[]): Promise<Buffer> {
  const columns = Math.min(6, tiles.length);
  const rows = Math.ceil(tiles.length / columns);
  const step = side + gap;
  return sharp({
    create: { width: columns * step + gap, height: rows * step + gap, channels: 3, background: ground },
  })
    .composite(
      tiles.map((tile, k) => ({
        input: tile.png,
        left: gap + (k % columns) * step,
        top: gap + Math.floor(k / columns) * step,
      })),
    )
    .png({ compressionLevel: 9 })
    .toBuffer();
}

async function drawTile(
  { report, classes, files, turns, facts }: Surveyed,
  sample: SampleFiles,
  index: number,
  read: ReadOptions,
): Promise<Buffer> {
  const channels = facts[index]?.channels ?? 1;
  const header = facts[index]?.header;
  const all = header?.photometric === 'palette' ? 3 : channels;
  const image = flat(await readInput(sample.images, all, read));
  const [height, width] = image.shape as [number, number];
  const shown = displayed(makePicture(3, height, width, rgbOf(image), image.range));
  const { data, info } = await sharp(shown, { raw: { width, height, channels: 3 } })
    .resize({
      width: side,
      height: side,
      fit: 'inside',
      kernel: width < side && height < side ? 'nearest' : 'lanczos3',
    })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const folders = files.classFolders.length > 0;
  const exif = turns.get(sample.images[0] as string);
  const mask =
    report === null || sample.masks.length === 0
      ? null
      : await readMask(sample.masks, report, {
          classes,
          exclusive: false,
          folders,
          read,
          ...(exif ? { exif } : {}),
        }).catch(() => null);
  if (mask && mask.height === height && mask.width === width) contour(data, info.height, info.width, mask);
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .resize({ width: side, height: side, fit: 'contain', background: ground })
    .png()
    .toBuffer();
}

/** The middle slice of a volume. */
function flat(image: Image): Image {
  if (image.shape.length === 2) return image;
  const [depth = 1, height = 1, width = 1] = image.shape;
  const area = height * width;
  const data = samplesLike(image.data, image.channels * area);
  const slice = Math.floor(depth / 2);
  for (let c = 0; c < image.channels; c++) {
    const from = (c * depth + slice) * area;
    data.set(image.data.subarray(from, from + area) as never, c * area);
  }
  return { ...image, shape: [height, width], data };
}

/** Three planes: the first three channels, or the first one three times. */
function rgbOf({ data, channels, shape }: Image): Image['data'] {
  const area = volumeOf(shape);
  const out = samplesLike(data, 3 * area);
  for (let c = 0; c < 3; c++) {
    const from = (channels >= 3 ? c : 0) * area;
    out.set(data.subarray(from, from + area) as never, c * area);
  }
  return out;
}

/** Draws where a class ends, over interleaved RGB. */
function contour(rgb: Buffer, height: number, width: number, mask: Mask): void {
  const labels = mask.kind === 'labels';
  const planes = planesOf(mask);
  const at = (plane: number, y: number, x: number): number => {
    const row = Math.min(mask.height - 1, Math.floor(((y + 0.5) * mask.height) / height));
    const column = Math.min(mask.width - 1, Math.floor(((x + 0.5) * mask.width) / width));
    const p = row * mask.width + column;
    if (mask.ignore?.[p] === 1) return 255;
    return mask.data[plane * mask.height * mask.width + p]!;
  };
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const own = at(plane, y, x);
        if (own === 0) continue;
        // Inside its own class a contour hides nothing of what lies around.
        const ends =
          (x > 0 && at(plane, y, x - 1) !== own) ||
          (y > 0 && at(plane, y - 1, x) !== own) ||
          (x + 1 < width && at(plane, y, x + 1) !== own) ||
          (y + 1 < height && at(plane, y + 1, x) !== own);
        if (!ends) continue;
        const color = own === 255 ? leftOutColor : (palette[(labels ? own - 1 : plane) % palette.length] ?? palette[0]);
        rgb.set(color, 3 * (y * width + x));
      }
    }
  }
}
