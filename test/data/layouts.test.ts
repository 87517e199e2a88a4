import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type DataSource, findSamples, listSplit, openFolder, split } from '../../runtime/data/index.js';
import { failure, greyPng, inFolder, writeTree } from './fixtures.js';

const image = await greyPng([10, 20, 30, 40], 2, 2);
const mask = await greyPng([0, 0, 1, 1], 2, 2);
const other = await greyPng([50, 60, 70, 80], 2, 2);
const binary = { channels: 1, classes: 1 };

const found = async (source: DataSource, folder: string) => {
  const { samples, layout } = await findSamples(source);
  const below = (path: string): string => path.slice(folder.length + 1);
  return { layout, samples: samples.map((s) => ({ ...s, images: s.images.map(below), masks: s.masks.map(below) })) };
};

describe("nnU-Net's folder", () => {
  const files = {
    'imagesTr/case_0000.png': image,
    'imagesTr/case_0001.png': other,
    'imagesTr/a_b_0000.png': other,
    'imagesTr/a_b_0001.png': image,
    'labelsTr/case.png': mask,
    'labelsTr/a_b.png': mask,
    'dataset.json': JSON.stringify({ labels: { background: 0, tumour: 1 }, file_ending: '.png' }),
  };

  test('channels of a case are one image, and dataset.json names the classes', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, files);
      const dataset = await openFolder(folder, { channels: 2, classes: 2 });
      expect(dataset.names).toEqual(['a_b', 'case']);
      expect(dataset.classNames).toEqual(['background', 'tumour']);
      expect([...(await dataset.image(1)).data]).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
      expect([...(await dataset.mask(1)).data]).toEqual([0, 0, 1, 1]);
    });
  });

  test('labels of version 1, and names that leave a number out', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { ...files, 'dataset.json': '{"labels": {"0": "ground", "1": "cell"}}' });
      expect((await openFolder(folder, { channels: 2, classes: 2 })).classNames).toEqual(['ground', 'cell']);
      await writeTree(folder, { 'dataset.json': '{"labels": {"ground": 0, "cell": 2}}' });
      expect((await openFolder(folder, { channels: 2, classes: 2 })).classNames).toEqual(['0', '1']);
    });
  });

  test.each([
    ['a channel that is missing', { 'imagesTr/case_0001.png': null }, 'nnunet-channel', /case has no channel _0001/],
    ['a label that is missing', { 'labelsTr/case.png': null }, 'mask-missing', /1 case has no label/],
    ['a name without a channel', { 'imagesTr/more.png': image }, 'nnunet-name', /more\.png does not end/],
    ['a dataset.json that is none', { 'dataset.json': '{' }, 'dataset-json', /dataset\.json is no JSON/],
    ['another number of channels', { 'imagesTr/case_0000.png': image }, 'image-channels', /2 channels, but .*takes 1/],
  ] as const)('%s', async (_, change, code, says) => {
    await inFolder(async (folder) => {
      const changed = Object.entries({ ...files, ...change }).filter(([, content]) => content !== null);
      await writeTree(folder, Object.fromEntries(changed) as Record<string, Uint8Array>);
      const error = await failure(openFolder(folder, { channels: code === 'image-channels' ? 1 : 2, classes: 2 }));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(says);
    });
  });

  test('channels of different sizes', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { ...files, 'imagesTr/case_0001.png': await greyPng([1, 2, 3], 1, 3) });
      const error = await failure(openFolder(folder, { channels: 2, classes: 2 }));
      expect(error.message).toMatch(/case_0001\.png is 1x3, but .*case_0000\.png of the same image is 2x2/);
    });
  });
});

describe('masks beside their images', () => {
  test.each(['_mask', '-mask', '_seg', '.label', '_GT'])('NAME and NAME%s', async (suffix) => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'a.png': image,
        [`a${suffix}.png`]: mask,
        'sub/b.png': image,
        [`sub/b${suffix}.png`]: mask,
      });
      const { layout, samples } = await found(folder, folder);
      expect(layout).toBe('masks beside their images');
      expect(samples).toEqual([
        { id: 'a.png', name: 'a', images: ['a.png'], masks: [`a${suffix}.png`] },
        { id: 'sub/b.png', name: 'b', images: ['sub/b.png'], masks: [`sub/b${suffix}.png`] },
      ]);
    });
  });

  test('an image without a mask, and one with two', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { 'a.png': image, 'a_mask.png': mask, 'b.png': image });
      expect((await failure(findSamples(folder))).message).toMatch(/1 image has no mask beside it: .*b\.png/);
      await writeTree(folder, { 'b_mask.png': mask, 'b_seg.png': mask });
      expect((await failure(findSamples(folder))).message).toMatch(
        /b\.png may have the mask .*b_mask\.png or .*b_seg\.png/,
      );
    });
  });
});

describe('patterns', () => {
  const tree = {
    'img/a.png': image,
    'img/b c.png': image,
    'img/skip.txt': 'x',
    'gt/a_seg.png': mask,
    'gt/b c_seg.png': mask,
    'p/1/image.png': image,
    'p/2/image.png': other,
    'p/1/mask.png': mask,
    'p/2/mask.png': mask,
    'deep/x/y/i-1.png': image,
    'deep/i-2.png': image,
    'out/x/y/1.png': mask,
    'out/2.png': mask,
  };
  const pairs = async (images: string, masks: string): Promise<string[]> =>
    inFolder(async (folder) => {
      await writeTree(folder, tree);
      const at = { images: join(folder, images), masks: join(folder, masks) };
      const { samples } = await found({ at }, folder);
      return samples.map((s) => `${s.name}: ${s.images[0]} ${s.masks[0]}`);
    });

  test('{} is what the star stands for', async () => {
    expect(await pairs('img/*.png', 'gt/{}_seg.png')).toEqual([
      'a: img/a.png gt/a_seg.png',
      'b c: img/b c.png gt/b c_seg.png',
    ]);
    expect(await pairs('img/?.png', 'gt/{}_seg.png').catch((error) => error.message)).toContain('has no *');
  });

  test('a star in a folder names the samples that share a file name', async () => {
    expect(await pairs('p/*/image.png', 'p/{}/mask.png')).toEqual([
      '1/image: p/1/image.png p/1/mask.png',
      '2/image: p/2/image.png p/2/mask.png',
    ]);
  });

  test('** is any folders, none included, and each star has its {}', async () => {
    expect(await pairs('deep/**/i-*.png', 'out/{}/{}.png')).toEqual([
      'i-1: deep/x/y/i-1.png out/x/y/1.png',
      'i-2: deep/i-2.png out//2.png',
    ]);
  });

  test('what does not match', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, tree);
      const open = (images: string, masks: string) =>
        failure(findSamples({ at: { images: join(folder, images), masks: join(folder, masks) } }));
      expect((await open('img/*.jpg', 'gt/{}.png')).code).toBe('images-empty');
      expect((await open('img/*.png', 'gt/{}.png')).message).toMatch(/2 of 2 masks are not there: .*gt\/a\.png of/);
      expect((await open('img/*.png', 'gt/a.png')).code).toBe('pattern');
      expect((await open('*/*.png', 'gt/{}{}{}.png')).code).toBe('pattern');
      expect((await open('none/*.png', 'gt/{}.png')).code).toBe('images-missing');
      expect((await open('img/**', 'gt/{}.png')).code).toBe('pattern');
    });
  });
});

describe('lists', () => {
  const list = (name: string, text: string) =>
    inFolder(async (folder) => {
      await writeTree(folder, {
        [name]: text,
        'x/a.png': image,
        'x/b, "c".png': other,
        'y/a.png': mask,
        'y/b.png': mask,
      });
      return (await found(join(folder, name), folder)).samples;
    });

  const rows = [
    { id: 'x/a.png', name: 'a', images: ['x/a.png'], masks: ['y/a.png'], split: 'train', group: 'p1' },
    { id: 'x/b, "c".png', name: 'b, "c"', images: ['x/b, "c".png'], masks: ['y/b.png'], split: 'val', group: 'p2' },
  ];

  test('CSV with quotes, a byte order mark and lines of Windows', async () => {
    const text = '\uFEFFimage,mask,split,patient\r\nx/a.png,y/a.png,train,p1\r\n"x/b, ""c"".png",y/b.png,val,p2\r\n';
    expect(await list('data.csv', text)).toEqual(rows);
    expect(await list('data.csv', text.replaceAll(/,(?! )/g, ';'))).toEqual(rows);
  });

  test('JSON: an array, a Decathlon, and an object a line', async () => {
    const items = rows.map(({ images, masks, split, group }) => ({ image: images[0], label: masks[0], split, group }));
    expect(await list('data.json', JSON.stringify(items))).toEqual(rows);
    expect(await list('data.jsonl', items.map((item) => JSON.stringify(item)).join('\n'))).toEqual(rows);
    const bare = items.map(({ split: _, ...rest }) => ({ ...rest, image: `./${rest.image}` }));
    expect(
      await list('dataset.json', JSON.stringify({ training: [bare[0]], validation: [bare[1]], test: ['z.png'] })),
    ).toEqual(rows.map((row) => ({ ...row })));
  });

  test.each([
    ['data.csv', 'a,b\n1,2\n', 'list-csv', /has no column image, but a, b/],
    ['data.csv', 'image,mask\nx/a.png,\n', 'list-mask', /sample 1 has no mask/],
    ['data.csv', 'image,mask\n"x/a.png,y\n', 'list-csv', /a quote without its end/],
    ['data.csv', 'image,mask\n', 'images-empty', /lists no image/],
    ['data.json', '{', 'list-json', /is no JSON/],
    ['data.json', '{"a": 1}', 'list-json', /is no list of objects/],
    ['data.json', '["a.png"]', 'list-json', /is no list of objects/],
    ['data.jsonl', '{"image": "a.png"}\n{', 'list-json', /line 2 is no JSON/],
    ['data.csv', 'image,mask\nx/a.png,y/a.png\nx/a.png,y/b.png\n', 'name-twice', /have the same name/],
  ] as const)('what is wrong with %s: %j', async (name, text, code, says) => {
    const error = await failure(list(name, text));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
  });

  test('a list that names a file that is not there', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, { 'data.csv': 'image,mask\nnone.png,none.png\n' });
      expect((await failure(openFolder(join(folder, 'data.csv'), binary))).message).toMatch(/can't read .*none\.png/);
    });
  });
});

describe('the split of a list', () => {
  test('val is held out, test is not seen, and what is neither is an error', async () => {
    await inFolder(async (folder) => {
      const names = ['a', 'b', 'c', 'd'];
      await writeTree(folder, {
        ...Object.fromEntries(
          names.flatMap((n) => [
            [`${n}.png`, image],
            [`${n}_m.png`, mask],
          ]),
        ),
        'data.csv': `image,mask,split\n${names.map((n, k) => `${n}.png,${n}_m.png,${['train', 'val', 'test', ''][k]}`).join('\n')}`,
        'folds.csv': 'image,mask,fold\na.png,a_m.png,3\n',
      });
      const found = listSplit(await openFolder(join(folder, 'data.csv'), binary));
      expect([found.dataset.names, found.heldOut, found.tests]).toEqual([['a', 'b', 'd'], ['b'], 1]);
      const folds = await openFolder(join(folder, 'folds.csv'), binary);
      expect((await failure(() => listSplit(folds))).message).toMatch(/has the split "3"/);
      await writeTree(folder, { 'plain.csv': 'image,mask\na.png,a_m.png\n' });
      const plain = await openFolder(join(folder, 'plain.csv'), binary);
      expect(listSplit(plain)).toEqual({ dataset: plain, tests: 0 });
    });
  });
});

describe('groups of a list', () => {
  test('stay on one side of a seeded split, about the share asked for', async () => {
    await inFolder(async (folder) => {
      const names = Array.from({ length: 24 }, (_, k) => `s${k}`);
      await writeTree(folder, {
        ...Object.fromEntries(
          names.flatMap((n) => [
            [`${n}.png`, image],
            [`${n}_m.png`, mask],
          ]),
        ),
        'data.csv': `image,mask,patient\n${names.map((n, k) => `${n}.png,${n}_m.png,${k < 20 ? `p${k % 5}` : ''}`).join('\n')}`,
      });
      const dataset = await openFolder(join(folder, 'data.csv'), binary);
      fc.assert(
        fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (holdout, seed) => {
          const { train, held } = split(dataset, { holdout, seed });
          expect(train.names.length + held.names.length).toBe(24);
          const sides = (part: typeof train) => new Set(part.samples.flatMap(({ group }) => (group ? [group] : [])));
          for (const group of sides(held)) expect(sides(train).has(group)).toBe(false);
          expect(train.names.length).toBeGreaterThan(0);
          // The last group goes whole, and has at most four samples; the last one of all stays.
          expect(held.names.length).toBeGreaterThanOrEqual(Math.min(Math.max(1, Math.round(holdout * 24)), 20));
          expect(held.names.length).toBeLessThan(Math.max(1, Math.round(holdout * 24)) + 4);
          expect(split(dataset, { holdout, seed }).held.names).toEqual(held.names);
        }),
      );
    });
  });
});

describe('images of any channels', () => {
  test('five channels feed a network of five, and no other', async () => {
    const five = await readFile(new URL('formats/recorded/tiff-five-channels.tif', import.meta.url));
    const masks = await greyPng(new Array(63).fill(0), 9, 7);
    await inFolder(async (folder) => {
      await writeTree(folder, { 'images/a.tif': five, 'masks/a.png': masks });
      const dataset = await openFolder(folder, { channels: 5, classes: 1 });
      const picture = (await dataset.pair(0)).image;
      expect([picture.channels, picture.data.length, picture.range]).toEqual([5, 5 * 63, [0, 65535]]);
      const error = await failure(openFolder(folder, { channels: 3, classes: 1 }));
      expect(error.message).toMatch(/a\.tif has 5 channels, but the network takes 3/);
      expect(error.hint).toContain('5 channels');
    });
  });

  test('RGBA feeds networks of 1, 3 and 4', async () => {
    const rgba = await sharp(Uint8Array.of(77, 77, 77, 9), { raw: { width: 1, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    await inFolder(async (folder) => {
      await writeTree(folder, { 'images/a.png': rgba, 'masks/a.png': await greyPng([0], 1, 1) });
      const read = async (channels: number) => [
        ...(await (await openFolder(folder, { channels, classes: 1 })).image(0)).data,
      ];
      expect([await read(1), await read(3), await read(4)]).toEqual([[77], [77, 77, 77], [77, 77, 77, 9]]);
      expect((await failure(read(2))).message).toContain('4 channels, one of them alpha');
    });
  });
});
