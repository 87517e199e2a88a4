import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatNames, openFolder, parseNames, resolveNames, split } from '../../runtime/data/index.js';
import { cases } from '../cases.js';
import { failure, greyPng, inFolder, writeTree } from './fixtures.js';

/** Anything a file's name can hold, and more: controls, quotes, blanks, and what reads as a comment or as a file. */
const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom('#1 cell', ' cell', 'cell ', '"cell"', '"', 'c1.tif', 'c1.nii.gz', 'a\nb', 'a\rb', '\uFEFFa', 'a\u2028b', 'é'),
); // biome-ignore format: short

describe('lists of names', () => {
  test('every name that is written is read back', () => {
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const composed = names.map((n) => n.normalize('NFC'));
        expect(parseNames(formatNames(names)).map(({ text }) => text)).toEqual(composed);
      }),
      cases(300),
    );
  });

  test('lists of earlier versions are read as they were: comments, blank lines, ends of lines, quotes that are none', () => {
    const read = parseNames('\uFEFF# held out\r\na.png\r\n\r\n  b c  \n"d\n');
    expect(read).toEqual(['a.png', 'b c', '"d'].map((text) => ({ text, exact: false })));
  });

  const open = async (folder: string, files: readonly string[]) => {
    const black = await greyPng([0, 0, 0, 255], 2, 2);
    await writeTree(
      folder,
      Object.fromEntries(files.flatMap((file) => [[`images/${file}`, black], [`masks/${file}`, black]])),
    ); // biome-ignore format: short
    return openFolder(folder, { channels: 1, classes: 1 });
  };

  test('what a data set calls its samples is held out again by the list of them', async () => {
    const files = [
      '#1 cell.png',
      'c1.png',
      'c1.tif.png',
      ' blank.png',
      'e\u0301.png',
      '"q".png',
      'p.png.png',
      'x\ny.png',
    ];
    await inFolder(async (folder) => {
      const dataset = await open(folder, files);
      for (const one of dataset.names) {
        const again = resolveNames(dataset, parseNames(formatNames([one])));
        expect(again).toEqual([one]);
        expect(split(dataset, { names: [one] }).held.names).toEqual([one]);
      }
    });
  });

  test('a file, a path and a name are one sample; another extension will do', async () => {
    await inFolder(async (folder) => {
      const dataset = await open(folder, ['c1.png', 'c1.tif.png', 'd.png']);
      const means = (line: string) => resolveNames(dataset, parseNames(line));
      expect(means('c1.png')).toEqual(['c1']);
      expect(means('c1.tif.png\nd.jpg')).toEqual(['c1.tif', 'd']);
      expect(means('images/d.png')).toEqual(['d']);
      expect(means('d')).toEqual(['d']);
      expect((await failure(() => means('e'))).code).toBe('split-unknown');
      expect((await failure(() => means('"d.png"'))).code).toBe('split-unknown');
    });
  });

  test('a line that may mean two samples is an error, and quotes or a path say which', async () => {
    await inFolder(async (folder) => {
      const black = await greyPng([0, 0, 0, 255], 2, 2);
      await writeTree(folder, { 'masks/c1.tif.png': black, 'images/c1.tif.png': black });
      await writeTree(folder, { 'images/c1.tif': black, 'masks/c1.tif': black });
      const dataset = await openFolder(folder, { channels: 1, classes: 1 });
      expect(dataset.names).toEqual(['c1', 'c1.tif']);
      const error = await failure(() => resolveNames(dataset, parseNames('c1.tif')));
      expect(error.code).toBe('split-ambiguous');
      expect(error.message).toContain(folder);
      expect(resolveNames(dataset, parseNames('"c1.tif"'))).toEqual(['c1.tif']);
      expect(resolveNames(dataset, parseNames('images/c1.tif'))).toEqual(['c1']);
      expect(join(folder, 'images', 'c1.tif')).toBe(dataset.imageFiles[0]);
    });
  });
});
