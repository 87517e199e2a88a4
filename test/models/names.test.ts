import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { openModel } from '../../runtime/prediction/model.js';
import { predictImages } from '../../runtime/prediction/predict.js';
import { isBelow } from '../../runtime/support/files/below.js';
import { safeFileName, safeFileNames } from '../../runtime/support/files/safe-name.js';
import { cases } from '../cases.js';
import { writeImage } from '../cli/fixtures.js';
import { crafted, floats, info } from './crafted.js';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'unetc-names-'));
  await writeImage(join(folder, 'photo.png'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names that mean something to a file system, and any others. */
const wild = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '..',
          '.',
          '/',
          '\\',
          'a',
          'A',
          'ß',
          'SS',
          'é',
          'e\u0301',
          ' ',
          ':',
          '\0',
          '\n',
          '\u202e',
          'NUL',
          '~',
        ),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[
        '',
        '.',
        '..',
        '../../pwned',
        '/etc/passwd',
        'C:\\x',
        '\\\\host\\share',
        'con',
        'CON.png',
        'nul .x',
        'COM¹',
        'aux.',
        'overlays',
      ],
      ...[
        'Overlays',
        'x'.repeat(1000),
        '語'.repeat(200),
        '\ud800',
        '-rf',
        '__proto__',
        '%2e%2e%2f',
        '..\u2215..',
        'a.',
        'a',
      ],
    ),
  },
);

describe('a name of a file, made of any text,', () => {
  it('is one component of a path everywhere, and its own name', () => {
    fc.assert(
      fc.property(wild, (text) => {
        const name = safeFileName(text);
        expect(name).not.toBe('');
        expect(basename(name)).toBe(name);
        expect(name).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Cf}]|^[. ]|[. ]$/u);
        expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(125);
        expect(isBelow('out', join('out', name))).toBe(true);
        expect(safeFileName(name)).toBe(name);
      }),
      cases(2000),
    );
  });

  it('is distinct from the others, upper and lower case being one', () => {
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 12 }), (texts) => {
        const names = safeFileNames(texts);
        expect(new Set(names.map((n) => n.normalize('NFKC').toLowerCase())).size).toBe(texts.length);
        for (const name of names) expect(isBelow('out', join('out', name))).toBe(true);
      }),
      cases(1000),
    );
  });

  it('that is one already stays', () => {
    for (const name of ['nuclei', 'Zell-Kern 2', '細胞', 'tumour_core', 'a.b', 'é'])
      expect(safeFileName(name)).toBe(name);
  });
});

/** A model of so many classes that overlap, called so. */
function modelOf(classes: readonly string[]): string {
  const file = join(folder, 'model.onnx');
  const n = classes.length;
  const bytes = crafted((m) => {
    m.graph.initializer = [floats('w', [n, 3, 1, 1], Array(3 * n).fill(0.1)), floats('b', [n], Array(n).fill(0))];
    m.graph.output = [info('mask', ['N', n, 'H', 'W'])];
    for (const entry of m.metadataProps) if (entry.key === 'unetc.classes') entry.value = JSON.stringify(classes);
  });
  writeFileSync(file, bytes);
  return file;
}

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('predict', () => {
  it('writes below -o and nowhere else, a mask a class, whatever classes are called', async () => {
    const names = fc.uniqueArray(
      wild.filter((name) => !/\p{Cs}/u.test(name) && name.length <= 100 && name !== '' && !/[\p{Cc}]/u.test(name)),
      { minLength: 2, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(names, async (classes) => {
        const root = join(folder, 'w');
        const out = join(root, 'a', 'b');
        mkdirSync(root);
        try {
          const model = await openModel(modelOf(classes), { engine: ort });
          const images = [join(folder, 'photo.png')];
          const [found] = await predictImages({ model, images, out, overlay: true }).finally(() =>
            model.predictor.dispose(),
          );
          const written = filesIn(root);
          expect(written.length).toBe(classes.length + 1);
          for (const file of written) expect(relative(out, file).split(sep)).not.toContain('..');
          expect(new Set([...(found?.masks ?? []), found?.overlay])).toEqual(new Set(written));
        } finally {
          rmSync(root, { recursive: true, force: true });
        }
        expect(readdirSync(folder).sort()).toEqual(['model.onnx', 'photo.png']);
      }),
      { ...cases(40), seed: 20 },
    );
  });

  it('refuses to follow a link out of its folder', async () => {
    const root = join(folder, 'linked');
    mkdirSync(join(root, 'out'), { recursive: true });
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), join(root, 'out', 'a'));
    const model = await openModel(modelOf(['a', 'b']), { engine: ort });
    const images = [join(folder, 'photo.png')];
    await expect(predictImages({ model, images, out: join(root, 'out') })).rejects.toMatchObject({
      code: 'file-outside',
    });
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
    // The folder itself may be a link: it is the one that was named.
    symlinkSync(join(root, 'elsewhere'), join(root, 'named'));
    await predictImages({ model, images, out: join(root, 'named') });
    expect(readdirSync(join(root, 'elsewhere')).sort()).toEqual(['a', 'b']);
    await model.predictor.dispose();
    rmSync(root, { recursive: true });
  });
});
