import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageOf } from '../../compiler/diagnostics/explain.js';
import { codes } from '../../compiler/diagnostics/index.js';
import type { Page } from '../../compiler/diagnostics/page.js';
import { analyzeText } from '../../compiler/index.js';
import { mend } from '../../language/mend.js';
import { cases } from '../cases.js';
import { unetc } from '../cli/io.js';
import { specOf } from './examples.js';

const presets = new URL('../../specs/', import.meta.url);
const texts = readdirSync(presets)
  .filter((f) => f.endsWith('.unet'))
  .map((f) => readFileSync(new URL(f, presets), 'utf8'));

describe('mend', () => {
  const mendable: string[] = [];
  it.each(codes)('rids the example of %s of it, or leaves it as it is', (code) => {
    const { text, options } = specOf((pageOf(code) as Page).wrong);
    const mended = mend(text, options);
    if (mended.fixed.length === 0) expect(mended.text).toBe(text);
    else {
      mendable.push(code);
      expect(mended.analyzed.diagnostics.filter((d) => d.code === code)).toEqual([]);
      expect(mended.analyzed.diagnostics).toEqual(analyzeText(mended.text, options).diagnostics);
    }
  });

  it('mends at least these', () => {
    expect(mendable).toEqual(
      expect.arrayContaining([
        'unknown-name',
        'not-callable',
        'rule-name',
        'unknown-argument',
        'unexpected-character',
        'operator-chain',
        'import-twice',
      ]),
    );
  });

  it('leaves a right text alone', () => {
    for (const text of texts) expect(mend(text)).toMatchObject({ text, fixed: [] });
  });

  it('undoes a slip of the keyboard in a word of the language, or leaves it', () => {
    const slip = fc.constantFrom(...texts).chain((text) => {
      const words = [
        ...text.matchAll(/\b(?:conv|batchnorm|maxpool|upsample|concat|kernel|scale|sigmoid|stride)\b(?=[ (:)\n])/g),
      ]
        // In a comment nobody minds.
        .filter((m) => !text.slice(text.lastIndexOf('\n', m.index), m.index).includes('//'));
      return fc.constantFrom(...words).chain((m) =>
        fc.integer({ min: 0, max: m[0].length - 2 }).map((k) => {
          const [a = '', b = ''] = m[0].slice(k, k + 2);
          const at = m.index + k;
          return { text, slipped: text.slice(0, at) + b + a + text.slice(at + 2) };
        }),
      );
    });
    let undone = 0;
    fc.assert(
      fc.property(slip, ({ text, slipped }) => {
        const mended = mend(slipped);
        if (mended.text === text) undone++;
        else expect(mended.text).toBe(slipped);
      }),
      cases(60),
    );
    expect(undone).toBeGreaterThan(30);
  });

  it('mends what lies within what it mends', () => {
    const text = `network Small {
  input image: f32[N, 3, H, W]
  param width = [8, 16, 32]
  param depth = 1
  let y = image |> cnov(width(dpeth + depth - depth))
  head S = image |> conv(width(1 + dpeth), kernal: width(0)) |> sigmoid
}
`;
    const mended = mend(text);
    expect(mended.text).toContain('image |> conv(width[depth + depth - depth])\n');
    expect(mended.text).toContain('conv(width[1 + depth], kernel: width[0])');
  });

  it('takes any text, comes to an end, and does nothing more the second time', () => {
    const words = [
      'network',
      'N',
      '{',
      '}',
      'input',
      'x',
      ':',
      'f32[N, 3, H, W]',
      'hed',
      'head',
      'S',
      '=',
      '|>',
      'cnov',
      '(',
      ')',
      ';',
      '&&',
      '1 < 2 < 3',
      '“',
      "'a'",
      'import',
      '"std:blokcs"',
      '\n',
      '#',
      'Residual(8)',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (list) => {
        const once = mend(list.join(' '));
        expect(mend(once.text).text).toBe(once.text);
      }),
      cases(200),
    );
  });
});

describe('unetc check --fix', () => {
  const home = process.cwd();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'unetc-fix-'));
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  const wrong = `import "blocks.unet"

network Small {
  input image: f32[N, 3, H, W]
  let y = image |> cnov(8, kernal: 3) |> Unit(8)
  let z = y |> relu
  head S = y |> conv(1, kernel: 1) |> sigmoid && true
}
`;

  it('writes what is certain, says what, and answers for the rest', async () => {
    writeFileSync('blocks.unet', 'block Unit(x, c) { x |> cnov(c) }\n');
    writeFileSync('small.unet', wrong);
    const { exit, stdout, stderr } = await unetc('check', 'small.unet', '--fix');
    const now = readFileSync('small.unet', 'utf8');
    expect(now).toBe(wrong.replace('cnov', 'conv').replace('kernal', 'kernel').replace('&&', 'and'));
    // The imported file is somebody else's.
    expect(readFileSync('blocks.unet', 'utf8')).toContain('cnov');
    expect(stderr).toContain(
      'small.unet:5:20: fixed[unknown-name]: no block or operator is named cnov: replace with conv\n',
    );
    expect(stderr).toContain('blocks.unet:1:25: error[unknown-name]');
    expect(stdout).toMatch(/^small\.unet: \d errors?, 3 fixed\n$/);
    expect(exit).toBe(1);
    expect(readdirSync('.').sort()).toEqual(['blocks.unet', 'small.unet']);
  });

  it('lists them in JSON, with what is left', async () => {
    writeFileSync(
      'one.unet',
      'network One {\n  input image: f32[N, 3, H, W]\n  head S = image |> cnov(1) |> sigmoid\n}\n',
    );
    const { exit, stdout } = await unetc('check', 'one.unet', '--fix', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      files: [
        { file: 'one.unet', ok: true, diagnostics: [], fixed: [{ code: 'unknown-name', fix: 'Replace with conv' }] },
      ],
    });
  });

  it('does not write what needs nothing', async () => {
    const before = statSync('one.unet').mtimeMs;
    const ino = statSync('one.unet').ino;
    const { exit, stdout } = await unetc('check', 'one.unet', '--fix');
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'one.unet: ok\n' });
    expect(statSync('one.unet')).toMatchObject({ mtimeMs: before, ino });
  });
});
