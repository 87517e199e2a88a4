import { readFile, symlink } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type DataFormat, openFolder } from '../../runtime/data/index.js';
import { failure, greyJpeg, greyPng, inFolder, rawTiff, rgbPng, writeTree } from './fixtures.js';

type Files = Readonly<Record<string, Uint8Array | string>>;

const black = await greyPng([0, 0, 0, 0], 2, 2);
const wide = await greyPng([0, 0, 0, 0, 0, 0], 2, 3);
const noisy = await greyPng(
  Array.from({ length: 60 * 60 }, (_, i) => (i * i * 31) % 251),
  60,
  60,
);
const blank = await greyPng(new Array<number>(3600).fill(0), 60, 60);
const labels = await greyPng([0, 1, 2, 7], 2, 2);
const flat = sharp(new Uint8Array(12).fill(99), { raw: { width: 2, height: 2, channels: 3 } });
const cmyk = await flat.clone().toColourspace('cmyk').jpeg().toBuffer();
const volume = await readFile(new URL('formats/recorded/nifti1-sform-only.nii.gz', import.meta.url));
const colours = await rgbPng([0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9], 2, 2);

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly format?: Partial<DataFormat>;
  readonly code: string;
  /** What the message must name. */
  readonly says: RegExp;
}

const pair = (image: Uint8Array | string, mask: Uint8Array | string = black): Files => ({
  'images/a.png': image,
  'masks/a.png': mask,
});

/** Everything that can be wrong with a folder before images are decoded, then what only decoding shows. */
const atOpen: readonly Case[] = [
  { name: 'an empty folder', files: { '.keep': '' }, code: 'images-missing', says: /no folder .*images/ },
  { name: 'images is a file', files: { images: 'x' }, code: 'images-missing', says: /images is a file, not a folder/ },
  {
    name: 'no image',
    files: { 'images/.keep': '', 'masks/a.png': black },
    code: 'images-empty',
    says: /images holds no image/,
  },
  { name: 'no masks folder', files: { 'images/a.png': black }, code: 'masks-missing', says: /no folder .*masks/ },
  {
    name: 'an empty masks folder',
    files: { 'images/a.png': black, 'masks/.keep': '' },
    code: 'masks-empty',
    says: /masks holds no mask/,
  },
  {
    name: 'images without a mask',
    files: {
      ...pair(black),
      'images/b.png': black,
      'images/c.png': black,
      'images/d.png': black,
      'images/e.png': black,
    },
    code: 'mask-missing',
    says: /4 of 5 images have no mask in .*b\.png, .*c\.png, .*d\.png and 1 more/,
  },
  {
    name: 'a mask named otherwise',
    files: { 'images/a.png': black, 'masks/a_mask.png': black },
    code: 'mask-missing',
    says: /1 image has no mask .*a\.png/,
  },
  {
    name: 'a mask of another size',
    files: pair(wide),
    code: 'mask-size',
    says: /masks\/a\.png is 2x2, but .*images\/a\.png is 2x3/,
  },
  {
    name: 'another format',
    files: { ...pair(black), 'images/scan.doc': 'x', 'images/b.bmp': 'x' },
    code: 'file-extension',
    says: /b\.bmp, scan\.doc/,
  },
  {
    name: 'a BMP called .png',
    files: pair('BM6\0'),
    code: 'image-format',
    says: /images\/a\.png holds no image of a kind that is read/,
  },
  {
    name: 'one name with two extensions, and one mask',
    files: { ...pair(black), 'images/a.jpg': black },
    code: 'mask-missing',
    says: /1 image has no mask in .*a\.jpg/,
  },
  {
    name: 'one mask that two images may have',
    files: { 'images/a.jpg': black, 'images/a.png': black, 'masks/a.tif': black },
    code: 'name-twice',
    says: /a\.jpg and .*a\.png have the same name but for the extension, and one mask/,
  },
  {
    name: 'two masks that one image may have',
    files: { 'images/a.jpg': black, 'masks/a.png': black, 'masks/a.tif': black },
    code: 'name-twice',
    says: /a\.jpg may have the mask .*a\.png or .*a\.tif/,
  },
  {
    name: 'images whose names differ in case only',
    files: { 'images/A1.png': black, 'images/a1.png': black, 'masks/A1.png': black, 'masks/a1.png': black },
    code: 'name-twice',
    says: /A1\.png and .*a1\.png differ only in upper and lower case/,
  },
  {
    name: 'images whose names differ in the form of Unicode only',
    files: { 'images/\u00fc.png': black, 'images/u\u0308.png': black, 'masks/\u00fc.png': black },
    code: 'name-twice',
    says: /have the same name/,
  },
  {
    name: 'a CMYK image',
    files: { 'images/a.jpg': cmyk, 'masks/a.png': black },
    code: 'image-cmyk',
    says: /a\.jpg is a CMYK image/,
  },
  {
    name: 'a CMYK mask',
    files: { 'images/a.png': black, 'masks/a.jpg': cmyk },
    code: 'image-cmyk',
    says: /masks\/a\.jpg/,
  },
  {
    name: 'a volume for a network of pictures',
    files: { 'images/a.nii.gz': volume, 'masks/a.nii.gz': volume },
    format: { channels: 1 },
    code: 'image-volume',
    says: /a\.nii\.gz is a volume of 4x5x6/,
  },
  {
    name: 'a stack',
    files: { 'images/a.tif': rawTiff({ pages: 3 }), 'masks/a.png': black },
    code: 'image-pages',
    says: /a\.tif holds 3 pages/,
  },
  { name: 'an empty file', files: pair(''), code: 'image-empty', says: /images\/a\.png is empty \(0 bytes\)/ },
  { name: 'text called .png', files: pair('hello, world'), code: 'image-format', says: /images\/a\.png/ },
  {
    name: 'masks and class folders',
    files: { ...pair(black), 'masks/cell/a.png': black },
    code: 'masks-mixed',
    says: /both masks and folders \(cell\)/,
  },
  {
    name: 'other class folders than classes',
    files: { 'images/a.png': black, 'masks/p/a.png': black, 'masks/q/a.png': black },
    code: 'classes-differ',
    says: /2 class folders \(p, q\), but the network answers 1 class$/,
  },
  {
    name: 'a class folder without this mask',
    files: { ...{ 'images/a.png': black }, 'masks/p/a.png': black, 'masks/q/b.png': black },
    format: { classes: 2 },
    code: 'mask-missing',
    says: /masks\/q: .*a\.png/,
  },
  {
    name: 'an input of 4 channels',
    files: pair(black),
    format: { channels: 4 },
    code: 'image-channels',
    says: /a\.png has 1 channel, but the network takes 4$/,
  },
  {
    name: 'more classes than a mask can hold',
    files: pair(black),
    format: { classes: 300 },
    code: 'classes-many',
    says: /255 classes/,
  },
  {
    name: 'a class the network lacks',
    files: pair(black, labels),
    format: { classes: 3 },
    code: 'mask-value',
    says: /masks\/a\.png holds the value 7 at row 1, column 1.*3 classes, 0 to 2/,
  },
  {
    name: 'colours for classes',
    files: pair(black, colours),
    format: { classes: 3 },
    code: 'mask-colour',
    says: /masks\/a\.png/,
  },
  {
    name: 'JPEG for classes',
    files: { 'images/a.png': black, 'masks/a.jpg': await greyJpeg([0, 1, 2, 0], 2, 2) },
    format: { classes: 3 },
    code: 'mask-lossy',
    says: /masks\/a\.jpg/,
  },
];

const atDecoding: readonly Case[] = [
  {
    name: 'an image cut off',
    files: pair(noisy.subarray(0, noisy.length >> 1), blank),
    code: 'image-corrupt',
    says: /images\/a\.png/,
  },
];

const open = async (folder: string, given: Case) => openFolder(folder, { channels: 3, classes: 1, ...given.format });

describe('what can be wrong with a data folder', () => {
  test.each(atOpen)('$name, when it is opened', async (given) => {
    await inFolder(async (folder) => {
      await writeTree(folder, given.files);
      const error = await failure(open(folder, given));
      expect(error.message).toMatch(given.says);
      expect(error.code).toBe(given.code);
      expect(error.message).not.toMatch(/\n|[.:]\)?$/);
      expect(error.hint).toMatch(/\w/);
    });
  });

  test.each(atDecoding)('$name, when it is decoded', async (given) => {
    await inFolder(async (folder) => {
      await writeTree(folder, given.files);
      const dataset = await open(folder, given);
      const error = await failure(dataset.pair(0));
      expect(error.message).toMatch(given.says);
      expect(error.code).toBe(given.code);
      expect(error.hint).toMatch(/\w/);
    });
  });

  test('a folder that is not there', async () => {
    const error = await failure(openFolder('nowhere/at/all', { channels: 1, classes: 1 }));
    expect(error).toMatchObject({ code: 'data-missing', message: 'there is no folder nowhere/at/all' });
  });

  test('a file replaced by one of another size after it was opened', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, pair(black));
      const dataset = await openFolder(folder, { channels: 1, classes: 1 });
      await writeTree(folder, { 'images/a.png': wide });
      expect((await failure(dataset.pair(0))).code).toBe('mask-size');
    });
  });
});

describe('what is fine', () => {
  test('other extensions, case, litter, composed names, masks without an image', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'images/B.PNG': black,
        'images/a.v2.png': black,
        'images/Zelle-u\u0308.png': black,
        'images/.DS_Store': 'x',
        'images/Thumbs.db': 'x',
        'masks/B.tif': await sharp(black).tiff().toBuffer(),
        'masks/a.v2.png': black,
        'masks/Zelle-\u00fc.png': black,
        'masks/spare.png': black,
      });
      const dataset = await openFolder(folder, { channels: 1, classes: 1 });
      expect(dataset.names).toEqual(['B', 'Zelle-\u00fc', 'a.v2']);
      expect(dataset.unusedMasks.map((path) => path.endsWith('spare.png'))).toEqual([true]);
      expect(dataset.classNames).toEqual(['mask']);
      expect((await dataset.pair(1)).mask.classes).toBe(1);
    });
  });

  test('c1.tif beside c1.png, folders below images/, and any name that a file can have', async () => {
    await inFolder(async (folder) => {
      const tiff = await sharp(black).tiff().toBuffer();
      const names = ['#1 cell', ' two  words ', 'new\nline', 'c1.tif', 'e\u0301', "it's {}", 'a%2Fb'];
      await writeTree(folder, {
        'images/c1.tif': tiff,
        'images/c1.png': black,
        'masks/c1.tif': tiff,
        'masks/c1.png': black,
        'images/p1/slice.png': black,
        'images/p2/slice.png': black,
        'masks/p1/slice.tif': tiff,
        'masks/p2/slice.png': black,
        ...Object.fromEntries(
          names.flatMap((n) => [[`images/${n}.png`, black] as const, [`masks/${n}.png`, black] as const]),
        ),
      });
      const dataset = await openFolder(folder, { channels: 1, classes: 1 });
      // `c1.tif.png` is `c1.tif` to people, so `c1.tif` is told from it by its folder.
      const wanted = [...names, 'c1.png', 'images/c1.tif', 'p1/slice', 'p2/slice'];
      expect([...dataset.names].sort()).toEqual(wanted.map((n) => n.normalize('NFC')).sort());
      expect(new Set(dataset.names).size).toBe(dataset.names.length);
      expect(new Set(dataset.ids).size).toBe(dataset.ids.length);
      expect(dataset.ids).toContain('images/c1.tif');
      for (const [k, { images, masks }] of dataset.samples.entries()) {
        expect(masks[0]!.replace(/masks/, 'images').replace(/\.\w+$/, '')).toBe(images[0]!.replace(/\.\w+$/, ''));
        await dataset.pair(k);
      }
    });
  });

  test('a class folder that is a link', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { 'images/a.png': black, 'elsewhere/a.png': black, 'masks/.keep': '' });
      await symlink('../elsewhere', `${folder}/masks/cell`);
      const dataset = await openFolder(folder, { channels: 1, classes: 1 });
      expect(dataset.layout).toBe('images/ and masks/<class>/');
      expect((await dataset.pair(0)).mask.height).toBe(2);
    });
  });

  test('class folders, and with exclusive classes a background that is what is left', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'images/a.png': black,
        'masks/rim/a.png': await greyPng([0, 255, 0, 0], 2, 2),
        'masks/cell/a.png': await greyPng([255, 0, 0, 0], 2, 2),
      });
      const overlapping = await openFolder(folder, { channels: 1, classes: 2 });
      expect(overlapping.classNames).toEqual(['cell', 'rim']);
      expect([...(await overlapping.mask(0)).data]).toEqual([1, 0, 0, 0, 0, 1, 0, 0]);
      const exclusive = await openFolder(folder, { channels: 1, classes: 3, exclusive: true });
      expect(exclusive.classNames).toEqual(['background', 'cell', 'rim']);
      expect([...(await exclusive.mask(0)).data]).toEqual([0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0]);
    });
  });
});
