import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.js';
import { table } from '../../cli/render/table.js';
import {
  drawDot,
  drawHtml,
  drawMermaid,
  drawSvg,
  type Picture,
  pictureOf,
} from '../../compiler/5-emit/drawing/index.js';
import { escapeXml } from '../../compiler/5-emit/drawing/svg/xml.js';
import { renderDiagnostic } from '../../compiler/diagnostics/index.js';
import { load } from '../../compiler/index.js';
import { visible, visibleLine } from '../../grammar/visible.js';
import { escapeHtml } from '../../runtime/training/report/html.js';
import { cases } from '../cases.js';
import { networkOf, smallest } from '../drawing/specs.js';
import { unetc } from './io.js';

/** By Unicode's own classes: control (C0, DEL, C1), bidirectional control, separators of lines, halves of pairs; `\n` and `\t` are text. */
const acts = /(?![\n\t])\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]|\p{Cs}/u;

const control = fc.oneof(
  fc.integer({ min: 0, max: 0x1f }),
  fc.integer({ min: 0x7f, max: 0x9f }),
  fc.constantFrom(
    0x61c,
    0x200e,
    0x200f,
    0x2028,
    0x2029,
    0x202a,
    0x202e,
    0x2066,
    0x2069,
    0xd800,
    0xdc00,
    0xfffe,
    0xffff,
  ),
);
/** Text with some of all that acts, and sequences that terminals know. */
const hostile = fc
  .array(
    fc.oneof(
      control.map((code) => String.fromCharCode(code)),
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;pwned\u0007',
        '\u009b31m',
        '\u001b[31m',
        '\u001b]8;;http://x\u001b\\',
        '<b>',
        '&',
        '"',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''));

const plain = (text: string): void => expect(text).not.toMatch(acts);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-visible-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('text that acts on a terminal or a page', () => {
  it('is made visible, a character for a character, and other text stays as it is', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        plain(visible(text));
        expect(visible(text)).toHaveLength(text.length);
        expect(visibleLine(text)).not.toMatch(/[\n\t]/);
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
    for (const text of ['Größe 猫 😀 a\u0301 ×\n\tÉ', '👩‍👩‍👧 שלום']) expect(visible(text)).toBe(text);
  });

  it('reaches no message', () => {
    const places = [
      'let y = #',
      '// #\n let y = 3 3',
      'let #y = 3',
      'let y = "#',
      'grid # [ {',
      'let y = image |> "#"',
    ];
    fc.assert(
      fc.property(hostile, fc.constantFrom(...places), fc.boolean(), (text, place, color) => {
        const spec = `import "${text}"\nnetwork A { input image: f32[N, 3, H, W]\n ${place.replace('#', () => text)}\n}`;
        for (const d of load(spec, { resolve: () => null }).diagnostics) {
          const shown = renderDiagnostic(d, { file: `a${text}.unet`, text: spec, color });
          // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
          plain(color ? shown.replace(/\u001b\[(0|1|31|33|36)m/g, '') : shown);
          if (color) expect(shown.split('\u001b').length % 2).toBe(1);
        }
      }),
    );
  });

  it('reaches no table and no cell but its own', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (names) => {
        const shown = table(
          [
            { title: 'name', value: (n: string) => n },
            { title: 'x', value: () => '1' },
          ],
          names,
        );
        plain(shown);
        expect(shown.split('\n')).toHaveLength(names.length + 1);
      }),
    );
  });

  it('reaches no drawing and no report', () => {
    const network = networkOf('network A { input image: f32[N, 3, H, W]\n head S = image |> conv(1) }');
    const picture = pictureOf(network, { sizes: smallest(network) });
    fc.assert(
      fc.property(hostile, (text) => {
        plain(escapeXml(text));
        plain(escapeHtml(text));
        const named: Picture = {
          ...picture,
          name: text,
          sizeRules: text,
          boxes: picture.boxes.map((b) => ({
            ...b,
            base: b.base + text,
            shape: text,
            size: text,
            modes: [text, text],
          })),
        };
        for (const drawn of [drawSvg(named), drawDot(named), drawMermaid(named)]) plain(drawn);
        plain(drawHtml(named).replace(/<script>.*<\/script>/s, ''));
      }),
      cases(40),
    );
  });

  it('reaches no terminal from a command, in the name of a file or in its text', async () => {
    const texts = ['\u001b[2J\u001b]0;pwned\u0007', '\u009b31m', 'a\rb', '\u202etxt', '\u001b[8m'];
    for (const [k, text] of texts.entries()) {
      const file = join(folder, `${text}${k}.unet`);
      writeFileSync(file, `network A {\n let a = "${text}" + 1\n let b = ${text}\n // ${text}\n}`);
      for (const argv of [
        ['check', file],
        ['check', `${file}x`],
        ['plan', file],
        ['fmt', file],
        ['check', `--${text}`],
      ]) {
        const { stdout, stderr } = await unetc(...argv);
        plain(stdout + stderr);
      }
      // A formatted spec keeps its bytes for a program, and not for a terminal.
      writeFileSync(join(folder, 'good.unet'), `// ${text}\nnetwork A {}\n`);
      const source = `// ${text}\nnetwork A {}\n`;
      const shown: string[] = [];
      await main(['fmt', '-'], {
        out: (t) => shown.push(t),
        err: (t) => shown.push(t),
        showsResults: true,
        terminal: true,
        color: false,
        links: false,
        input: async () => source,
        interruption: () => new AbortController().signal,
      });
      plain(shown.join(''));
    }
  });
});
