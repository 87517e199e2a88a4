import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DataFormat, openFolder, ruleText } from '../../../runtime/data/index.js';
import { failure, inFolder, writeTree } from '../fixtures.js';
import { colorPng, instancesOf, jpeg, palettePng, png, pngOfJpeg, softPng, tiff, truthOf } from './files.js';

const [height, width] = [48, 56];
const truth = truthOf(height, width);
const times = (k: number): number[] => Array.from(truth, (v) => v * k);
const mapped = <T>(of: (v: number, p: number) => T): T[] => Array.from(truth, (v, p) => of(v, p));
/** Truth with its first rows "not annotated". */
const voided = (value: number, on = 1): number[] => mapped((v, p) => (p < 4 * width ? value : v * on));
const rgb = (off: readonly number[], on: readonly number[]): number[] => mapped((v) => (v ? on : off)).flat();

/** What becomes of the masks: read as the truth, by a rule; or refused, with a code and what must be said. */
type Due =
  | { readonly rule: string; readonly ignore?: number; readonly warns?: RegExp; readonly slack?: number }
  | { readonly refused: string; readonly says: RegExp };

type Row = readonly [variant: string, file: string, bytes: Buffer | Promise<Buffer>, due: Due];

const voc = [0, 0, 0, 128, 0, 0, ...new Array(3 * 253).fill(90), 224, 224, 192];
const halves = (first: readonly number[], second: readonly number[]) => ({ first, second });

/** Kinds of binary masks, and variants of each; what docs/data.md says in words. */
const binary: Readonly<Record<string, readonly Row[]>> = {
  'two numbers': [
    ['0 and 1', 'a.png', png(times(1), height, width), { rule: 'nonzero' }],
    ['0 and 255', 'a.png', png(times(255), height, width), { rule: 'nonzero' }],
    ['0 and 128', 'a.png', png(times(128), height, width), { rule: 'nonzero' }],
    ['1 bit', 'a.png', palettePng(truth, height, width, null, { bits: 1 }), { rule: 'nonzero' }],
    ['4 bits', 'a.png', palettePng(times(15), height, width, null, { bits: 4 }), { rule: 'nonzero' }],
    ['16 bits, 0 and 65535', 'a.tif', tiff(times(65535), height, width, { bits: 16 }), { rule: 'nonzero' }],
    ['floats', 'a.tif', tiff(times(1), height, width, { bits: 32, sampleFormat: 3 }), { rule: 'nonzero' }],
    ['1 and 2', 'a.png', png(mapped((v) => v + 1), height, width), { refused: 'mask-background', says: /no pixel of 0|no mask has a pixel of 0/ }],
    ['127 and 255', 'a.png', png(mapped((v) => (v ? 255 : 127)), height, width), { refused: 'mask-background', says: /127.*255/ }],
  ],
  'soft edges': [
    ['bilinear', 'a.png', softPng(height, width, 'linear'), { rule: 'threshold(128)', slack: 0.12 }],
    ['bicubic', 'a.png', softPng(height, width, 'cubic'), { rule: 'threshold(128)', slack: 0.12 }],
    ['lanczos', 'a.png', softPng(height, width, 'lanczos3'), { rule: 'threshold(128)', slack: 0.12 }],
    ['0 to 128', 'a.png', softPng(height, width, 'linear', 128), { rule: 'threshold(64)', slack: 0.12 }],
    ['made larger', 'a.png', softPng(height, width, 'cubic', 255, 0.5), { rule: 'threshold(128)', slack: 0.3 }],
    ['floats of 0 to 1', 'a.tif', softPng(height, width, 'linear').then(async (file) => {
      const { default: sharp } = await import('sharp');
      const values = await sharp(file).toColourspace('b-w').raw().toBuffer();
      return tiff(Array.from(values, (v) => v / 255), height, width, { bits: 32, sampleFormat: 3 });
    }), { rule: 'threshold(0.5)', slack: 0.12 }],
  ],
  JPEG: [
    ...([30, 60, 90, 100] as const).map((q): Row => [`quality ${q}`, 'a.jpg', jpeg(times(255), height, width, q), { rule: 'threshold(128)', slack: 0.02 }]),
    ...([20, 50, 75, 90, 95, 97, 98, 99, 100] as const).map((q): Row => [`PNG of quality ${q}`, 'a.png', pngOfJpeg(times(255), height, width, q), { rule: 'threshold(128)', slack: 0.03 }]),
    ['of 0 and 128', 'a.jpg', jpeg(times(128), height, width, 80), { rule: 'threshold(64)', slack: 0.03 }],
    ['of 0 and 1', 'a.jpg', jpeg(times(1), height, width, 100), { refused: 'mask-lossy', says: /a\.jpg/ }],
    ['of instances', 'a.jpg', jpeg(instancesOf(height, width).map((v) => 60 * v), height, width, 100), { refused: 'mask-lossy', says: /a\.jpg/ }],
  ],
  'alpha channel': [
    ['black ink', 'a.png', colorPng(mapped((v) => [0, 0, 0, 255 * v]).flat(), height, width, 4), { rule: 'alpha(128)', warns: /alpha channel/ }],
    ['white ink', 'a.png', colorPng(mapped((v) => [255, 255, 255, 255 * v]).flat(), height, width, 4), { rule: 'alpha(128)' }],
    ['red on transparent white', 'a.png', colorPng(mapped((v) => (v ? [255, 0, 0, 255] : [255, 255, 255, 0])).flat(), height, width, 4), { rule: 'alpha(128)' }],
    ['colors say the same', 'a.png', colorPng(mapped((v) => [255 * v, 255 * v, 255 * v, 255 * v]).flat(), height, width, 4), { rule: 'nonzero' }],
    ['all opaque', 'a.png', colorPng(mapped((v) => [255 * v, 0, 0, 255]).flat(), height, width, 4), { rule: 'nonzero' }],
    ['a palette with transparent entries', 'a.png', palettePng(truth, height, width, [0, 0, 0, 0, 0, 0], { alphas: [0, 255] }), { rule: 'alpha(128)' }],
    ['over the picture', 'a.png', colorPng(mapped((v, p) => [p % 251, (p * 7) % 251, 90, 255 * v]).flat(), height, width, 4), { refused: 'mask-alpha', says: /a\.png: transparency varies/ }],
  ],
  palette: [
    ['black and red', 'a.png', palettePng(truth, height, width, [0, 0, 0, 255, 0, 0]), { rule: 'nonzero' }],
    ['interlaced', 'a.png', palettePng(truth, height, width, [0, 0, 0, 255, 0, 0], { interlaced: true }), { rule: 'nonzero' }],
    ['packed to 1 bit', 'a.png', palettePng(truth, height, width, [0, 0, 0, 9, 9, 9], { bits: 1 }), { rule: 'nonzero' }],
    ['background is not entry 0', 'a.png', palettePng(mapped((v) => 1 - v), height, width, [255, 255, 255, 0, 0, 0]), { rule: 'nonzero' }],
    ['all entries black', 'a.png', palettePng(truth, height, width, [0, 0, 0, 0, 0, 0]), { rule: 'entries' }],
    ['no black', 'a.png', palettePng(truth, height, width, [68, 1, 84, 253, 231, 37]), { refused: 'mask-background', says: /#440154.*#fde725/ }],
    ['VOC', 'a.png', palettePng(truth, height, width, voc), { rule: 'nonzero' }],
    ['VOC with borders', 'a.png', palettePng(voided(255), height, width, voc), { refused: 'mask-void', says: /#e0e0c0/ }],
    ['in a TIFF', 'a.tif', tiff(truth, height, width, { photometric: 3, palette: [0, 65535, ...new Array(254).fill(0), ...new Array(512).fill(0)] }), { rule: 'nonzero' }],
  ],
  'RGB colors': [
    ['black and red', 'a.png', colorPng(rgb([0, 0, 0], [255, 0, 0]), height, width, 3), { rule: 'nonzero' }],
    ['black and colors of instances', 'a.png', colorPng(instancesOf(height, width).flatMap((k) => [80 * k, k && 200 - 30 * k, k && 9]), height, width, 3), { rule: 'nonzero' }],
    ['white and red', 'a.png', colorPng(rgb([255, 255, 255], [255, 0, 0]), height, width, 3), { refused: 'mask-background', says: /#ffffff.*#ff0000/ }],
  ],
  instances: [
    ['8 bits', 'a.png', png(instancesOf(height, width), height, width), { rule: 'nonzero' }],
    ['16 bits', 'a.tif', tiff(instancesOf(height, width, 300), height, width, { bits: 16 }), { rule: 'nonzero' }],
    ['32 bits', 'a.tif', tiff(instancesOf(height, width, 70000), height, width, { bits: 32 }), { rule: 'nonzero' }],
    ['three levels up to 255', 'a.png', png(mapped((v, p) => (v ? (p % width < width / 2 ? 127 : 255) : 0)), height, width), { refused: 'mask-levels', says: /127.*255|255.*127/ }],
  ],
  'white is zero': [
    ['booleans', 'a.tif', tiff(truth, height, width, { bits: 1, photometric: 0 }), { rule: 'nonzero' }],
    ['8 bits', 'a.tif', tiff(times(255), height, width, { photometric: 0 }), { rule: 'nonzero' }],
    ['16 bits', 'a.tif', tiff(times(65535), height, width, { bits: 16, photometric: 0 }), { rule: 'nonzero' }],
  ],
  inverted: [
    ['0 and 255', 'a.png', png(mapped((v) => 255 * (1 - v)), height, width), { rule: 'nonzero', warns: /inverted\? masks = nonzero\(invert: true\)/, slack: 10 }],
  ],
  'nothing and everything': [
    ['all empty', 'a.png', png(times(0), height, width), { rule: 'nonzero', warns: /no mask has any foreground/, slack: 10 }],
    ['all full', 'a.png', png(mapped(() => 255), height, width), { rule: 'nonzero', warns: /every pixel of every mask is foreground/, slack: 10 }],
  ],
  'not annotated': [
    ['0, 1 and 255', 'a.png', png(voided(255), height, width), { rule: 'nonzero', ignore: 255, warns: /ignore = 255/ }],
    ['0, 1, 2 and 255', 'a.png', png(mapped((v, p) => (p < 4 * width ? 255 : v ? 1 + Number(p % width < width / 2) : 0)), height, width), { refused: 'mask-levels', says: /255/ }],
    ['0, 1 and 65535', 'a.tif', tiff(voided(65535), height, width, { bits: 16 }), { rule: 'nonzero', ignore: 65535, warns: /65535/ }],
  ],
  'no masks at all': [
    ['pictures', 'a.png', png(mapped((v, p) => ((p * p * 31) % 97) + 90 * v + 20), height, width), { refused: 'mask-picture', says: /levels/ }],
  ],
}; // biome-ignore format: a table

/** Opens a folder of these masks, twice each unless two are given, over images of the same size. */
async function opened<T>(
  masks: Readonly<Record<string, Buffer>>,
  format: Partial<DataFormat>,
  work: (folder: string, open: () => ReturnType<typeof openFolder>) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    const files: Record<string, Buffer> = {};
    for (const [name, bytes] of Object.entries(masks)) {
      files[`masks/${name}`] = bytes;
      files[`images/${name.replace(/\.\w+$/, '.png')}`] = await png(times(200), height, width);
    }
    await writeTree(folder, files);
    return work(folder, () => openFolder({ at: folder }, { channels: 1, classes: 1, ...format }));
  });
}

async function check(file: string, bytes: Buffer, due: Due, format: Partial<DataFormat>, wanted: ArrayLike<number>) {
  await opened({ [file]: bytes, [`b${file.slice(1)}`]: bytes }, format, async (folder, open) => {
    if ('refused' in due) {
      const error = await failure(open());
      expect(error.code).toBe(due.refused);
      expect(error.message).toMatch(due.says);
      expect(error.message).toContain(join(folder, 'masks'));
      expect(error.hint).toMatch(/\w/);
      return;
    }
    const dataset = await open();
    expect(ruleText(dataset.masks.rule)).toBe(due.rule);
    expect(dataset.masks.ignore).toBe(due.ignore);
    expect(dataset.masks.summary).toMatch(/^masks: /);
    if (due.warns) expect(dataset.masks.warnings.join('\n')).toMatch(due.warns);
    else if (!due.rule.startsWith('alpha')) expect(dataset.masks.warnings).toEqual([]);
    const mask = await dataset.mask(0);
    const left = (p: number): boolean => (mask.ignore ? mask.ignore[p] === 1 : mask.data[p] === 255);
    expect(mask.data.some((_, p) => left(p))).toBe(due.ignore !== undefined);
    const wrong = mask.data.filter((value, p) => !left(p) && value !== wanted[p]).length;
    const all = truth.reduce((a: number, b) => a + b, 0);
    expect(wrong / all).toBeLessThanOrEqual(due.slack ?? 0);
  });
}

describe.each(Object.entries(binary))('binary masks: %s', (_, rows) => {
  test.each(rows)('%s', async (_variant, file, bytes, due) => check(file, await bytes, due, {}, truth));
});

const three = instancesOf(height, width, 1).map((v) => Math.min(v, 2));
const colors = [[0, 0, 0], [255, 0, 0], [0, 128, 0]] as const; // biome-ignore format: short

const classes: Readonly<Record<string, readonly Row[]>> = {
  'grey values': [
    ['0, 1, 2', 'a.png', png(three, height, width), { rule: 'values' }],
    ['16 bits', 'a.tif', tiff(three, height, width, { bits: 16 }), { rule: 'values' }],
    ['2 bits', 'a.png', palettePng(three, height, width, null, { bits: 2 }), { rule: 'values' }],
    ['white is zero', 'a.tif', tiff(three, height, width, { photometric: 0 }), { rule: 'values' }],
    ['gaps', 'a.png', png(three.map((v) => [0, 100, 200][v] as number), height, width), { refused: 'mask-value', says: /holds the value 100 at row \d+, column \d+/ }],
    ['from 1', 'a.png', png(three.map((v) => v + 1), height, width), { refused: 'mask-value', says: /holds the value 3/ }],
    ['more than the network has', 'a.png', png(instancesOf(height, width), height, width), { refused: 'mask-value', says: /0 to 2/ }],
    ['with 255', 'a.png', png(three.map((v, p) => (p < 2 * width ? 255 : v)), height, width), { rule: 'values', ignore: 255, warns: /ignore = 255/ }],
    ['only 0 and 255', 'a.png', png(times(255), height, width), { refused: 'mask-value', says: /255/ }],
    ['soft edges', 'a.png', softPng(height, width, 'linear'), { refused: 'mask-value', says: /0 to 2/ }],
    ['JPEG', 'a.jpg', jpeg(three, height, width, 100), { refused: 'mask-lossy', says: /a\.jpg/ }],
  ],
  palette: [
    ['entries', 'a.png', palettePng(three, height, width, colors.flat()), { rule: 'entries' }],
    ['interlaced, packed', 'a.png', palettePng(three, height, width, colors.flat(), { bits: 2, interlaced: true }), { rule: 'entries' }],
    ['in a TIFF', 'a.tif', tiff(three, height, width, { photometric: 3, palette: Array.from({ length: 768 }, (_, k) => 257 * (colors[k % 256]?.[k >> 8] ?? 0)) }), { rule: 'entries' }],
    ['VOC with borders', 'a.png', palettePng(three.map((v, p) => (p < 2 * width ? 255 : v)), height, width, voc), { rule: 'entries', ignore: 255, warns: /ignore = 255/ }],
    ['black is not entry 0', 'a.png', palettePng(three.map((v) => [2, 1, 0][v] as number), height, width, [9, 200, 9, 255, 0, 0, 0, 0, 0]), { refused: 'mask-palette', says: /black is entry 2/ }],
    ['grey levels that are other classes', 'a.png', palettePng(three, height, width, [0, 0, 0, 2, 2, 2, 1, 1, 1]), { refused: 'mask-palette', says: /entries of its palette and their grey levels/ }],
    ['entries beyond the classes', 'a.png', palettePng(three.map((v) => 5 * v), height, width, voc), { refused: 'mask-value', says: /10/ }],
  ],
  colors: [
    ['RGB', 'a.png', colorPng(three.flatMap((v) => [...(colors[v] as readonly number[])]), height, width, 3), { refused: 'mask-colour', says: /#ff0000/ }],
  ],
}; // biome-ignore format: a table

describe.each(Object.entries(classes))('class masks: %s', (_, rows) => {
  test.each(rows)('%s', async (_variant, file, bytes, due) =>
    check(file, await bytes, due, { classes: 3, exclusive: true }, three),
  );
});

type Stated = readonly [
  name: string,
  bytes: Buffer | Promise<Buffer>,
  format: Partial<DataFormat>,
  wanted: ArrayLike<number>,
  rule: string,
];

describe('a rule that is stated goes before what is found', () => {
  const inverted = mapped((v) => 1 - v);
  const rows: readonly Stated[] = [
    ['threshold', png(mapped((v) => (v ? 200 : 90)), height, width), { masks: { kind: 'threshold', least: 150, invert: false } }, truth, 'threshold(150)'],
    ['inverted', png(inverted.map((v) => 255 * v), height, width), { masks: { kind: 'invert' } }, truth, 'nonzero(invert: true)'],
    ['values of a binary network', png(mapped((v) => v + 1), height, width), { masks: { kind: 'values', classes: [[1], [2]] } }, truth, 'values([1, 2])'],
    ['values with gaps', png(three.map((v) => [0, 100, 200][v] as number), height, width), { classes: 3, masks: { kind: 'values', classes: [[0], [100], [200]] } }, three, 'values([0, 100, 200])'],
    ['grouped', png(instancesOf(height, width), height, width), { classes: 2, masks: { kind: 'values', classes: [[0], [1, 2, 3]] } }, truth, 'values([0, [1, 2, 3]])'],
    ['colors', colorPng(three.flatMap((v) => [...(colors[v] as readonly number[])]), height, width, 3), { classes: 3, masks: { kind: 'colors', classes: [['#000000'], ['#ff0000'], ['#008000']] } }, three, 'colors(["#000000", "#ff0000", "#008000"])'],
    ['entries', palettePng(mapped((v) => 1 - v), height, width, [255, 255, 255, 0, 0, 0]), { masks: { kind: 'entries', classes: [[1], [0]] } }, truth, 'entries([1, 0])'],
    ['alpha over the picture', colorPng(mapped((v, p) => [p % 251, (p * 7) % 251, 90, 255 * v]).flat(), height, width, 4), { masks: { kind: 'alpha', least: 128, invert: false } }, truth, 'alpha(128)'],
    ['threshold for two classes', softPng(height, width, 'linear'), { classes: 2, masks: { kind: 'threshold', least: 128, invert: false } }, truth, 'threshold(128)'],
  ]; // biome-ignore format: a table

  test.each(rows)('%s', async (_, bytes, format, wanted, rule) => {
    await opened({ 'a.png': await bytes }, format, async (_folder, open) => {
      const dataset = await open();
      expect(ruleText(dataset.masks.rule)).toBe(rule);
      expect(dataset.masks).toMatchObject({ stated: true });
      const mask = await dataset.mask(0);
      const wrong = mask.data.filter((value, p) => value !== wanted[p]).length;
      expect(wrong).toBeLessThan(0.03 * height * width);
      if (rule !== 'threshold(128)') expect(wrong).toBe(0);
    });
  });

  test('an ignored number is left out of binary and class masks, and of class folders', async () => {
    await opened({ 'a.png': await png(voided(255), height, width) }, { ignore: 255 }, async (_folder, open) => {
      const dataset = await open();
      expect(dataset.masks).toMatchObject({ ignore: 255, assumedIgnore: false, warnings: [] });
      const { data, ignore } = await dataset.mask(0);
      expect([...data]).toEqual(voided(0));
      expect([...(ignore ?? [])]).toEqual(mapped((_, p) => Number(p < 4 * width)));
    });
    await opened(
      { 'a.png': await png(voided(255), height, width) },
      { ignore: 255, classes: 2 },
      async (_folder, open) => {
        expect([...(await (await open()).mask(0)).data]).toEqual(voided(255));
      },
    );
  });

  test('a rule that gives another number of classes, or that a file has nothing for, is refused', async () => {
    const bytes = await png(times(1), height, width);
    const cases: [Partial<DataFormat>, string][] = [
      [{ masks: { kind: 'values', classes: [[0], [1], [2]] } }, 'mask-rule'],
      [{ classes: 3, masks: { kind: 'threshold', least: 1, invert: false } }, 'mask-rule'],
    ];
    for (const [format, code] of cases) {
      await opened({ 'a.png': bytes }, format, async (_folder, open) =>
        expect((await failure(open())).code).toBe(code),
      );
    }
    await opened({ 'a.png': bytes }, { masks: { kind: 'alpha', least: 128, invert: false } }, async (_folder, open) => {
      expect((await failure((await open()).mask(0))).message).toMatch(/a\.png has no alpha channel/);
    });
  });
});

describe('one rule reads all files', () => {
  const { first, second } = halves(times(1), times(255));
  test('files of 0 and 1 beside files of 0 and 255 are a question, which nonzero and ignore answer', async () => {
    const masks = { 'a.png': await png(first, height, width), 'b.png': await png(second, height, width) };
    await opened(masks, {}, async (_folder, open) => {
      const error = await failure(open());
      expect(error.message).toMatch(/a\.png goes up to 1 and .*b\.png to 255/);
    });
    await opened(masks, { masks: { kind: 'nonzero', invert: false } }, async (_folder, open) => {
      const dataset = await open();
      for (const k of [0, 1]) expect([...(await dataset.mask(k)).data]).toEqual([...truth]);
    });
  });

  test('a hard mask beside soft ones is read by their threshold', async () => {
    const masks = { 'a.png': await softPng(height, width, 'linear'), 'b.png': await png(second, height, width) };
    await opened(masks, {}, async (_folder, open) => {
      const dataset = await open();
      expect(ruleText(dataset.masks.rule)).toBe('threshold(128)');
      expect([...(await dataset.mask(1)).data]).toEqual([...truth]);
    });
  });

  test('an empty mask among others is no warning', async () => {
    const masks = { 'a.png': await png(times(0), height, width), 'b.png': await png(second, height, width) };
    await opened(masks, {}, async (_folder, open) => expect((await open()).masks.warnings).toEqual([]));
  });

  test('what training read decides what other files leave open, and a difference is said', async () => {
    const before = { rule: { kind: 'alpha', least: 128, invert: false } } as const;
    const ink = await colorPng(mapped((v, p) => [p % 251, 9, 90, 255 * v]).flat(), height, width, 4);
    await opened({ 'a.png': ink }, { before }, async (_folder, open) => {
      const dataset = await open();
      expect(ruleText(dataset.masks.rule)).toBe('alpha(128)');
      expect(dataset.masks.warnings[0]).toMatch(/as those of training were/);
    });
    await opened({ 'a.png': await png(second, height, width) }, { before }, async (_folder, open) => {
      expect((await open()).masks.warnings[0]).toMatch(/read by nonzero, those of training were by alpha\(128\)/);
    });
  });
});
