import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { pageScript } from '../../compiler/5-emit/drawing/html/script.js';
import { drawDot, drawHtml, drawMermaid, drawSvg, pictureOf, renderers } from '../../compiler/5-emit/drawing/index.js';
import type { Picture } from '../../compiler/5-emit/drawing/picture/picture.js';
import { dark, light } from '../../compiler/5-emit/drawing/theme.js';
import { networkSpecs } from '../../testing/index.js';
import { cases } from '../cases.js';
import { nested, networkOf, smallest, specs } from './specs.js';

const draw = (text: string, level?: number): Picture => {
  const network = networkOf(text);
  return pictureOf(network, { sizes: smallest(network), level });
};

const paper = nested([32, 64, 128, 256, 512]);

/** Pictures of random networks at a random level. */
const pictures = fc.tuple(networkSpecs({ depth: 3, channels: 2 }), fc.nat()).map(([text, pick]) => {
  const { levels } = networkOf(text);
  return draw(text, levels[pick % levels.length]);
});

const has = (command: string, argument: string): boolean => spawnSync(command, [argument]).status === 0;

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((m) => m[1] as string);

const unescaped = (s: string): string =>
  s
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');

/** libxml reads it, as strict as XML is. */
const parse = (svg: string) => sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });

describe('SVG', () => {
  test('the parser here refuses what is not well formed', async () => {
    await expect(parse(drawSvg(draw(paper)).replace('</g>', ''))).rejects.toThrow();
  });

  test('is well formed, has every box and link once with its state, and asks nothing of the world', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, fc.constantFrom('light', 'dark', 'auto'), async (picture, theme) => {
        const svg = drawSvg(picture, { theme: theme as 'light' });
        expect((await parse(svg)).info.width).toBeGreaterThan(100);
        const shown = picture.boxes.filter((b) => b.state !== 'absent');
        const boxes = all(svg, /data-box="([^"]*)"/g).map(unescaped);
        expect(boxes.sort()).toEqual(shown.map((b) => b.id).sort());
        const links = [
          ...svg.matchAll(/data-from="([^"]*)" data-to="([^"]*)" data-kind="[a-z]+" data-state="([a-z]+)"/g),
        ];
        expect(links.map(([, from, to, state]) => `${from} ${to} ${state}`).sort()).toEqual(
          picture.links
            .filter((l) => l.state !== 'absent')
            .map((l) => `${l.from} ${l.to} ${l.state}`)
            .sort(),
        );
        expect(svg).not.toMatch(/NaN|Infinity|undefined|<image|<script|href=|url\(/);
        expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toContain('http');
      }),
      cases(25),
    );
  });

  test('what is cut is grey and dashed, what is kept is not', () => {
    const svg = drawSvg(draw(paper, 2), { theme: 'light' });
    for (const [, state, drawn = ''] of svg.matchAll(/data-state="(kept|cut)">(.*)<\/g>/g)) {
      expect(drawn.includes('stroke-dasharray'), drawn).toBe(state === 'cut');
      expect(drawn.includes(light.cut), drawn).toBe(state === 'cut');
    }
    expect(svg).toContain('cut at L2');
    expect(drawSvg(draw(paper))).not.toContain('cut at');
  });

  test('themes: light and dark each have their colours; auto is light, and dark for whoever prefers it', () => {
    const [bright, night, auto] = (['light', 'dark', 'auto'] as const).map((theme) => drawSvg(draw(paper), { theme }));
    expect(bright).toContain(light.paper);
    expect(bright).not.toContain(dark.paper);
    expect(night).toContain(dark.paper);
    expect(night).not.toContain(light.nodeFill);
    expect(auto).toMatch(/<style>@media \(prefers-color-scheme:dark\)/);
    expect(auto).toContain(`.u-f-paper{fill:${dark.paper}}`);
  });

  test('names with marks of XML in them are escaped', async () => {
    const svg = drawSvg({ ...draw(paper), name: 'A<B> & "C"' });
    expect(svg).toContain('A&lt;B&gt; &amp; &quot;C&quot;');
    await parse(svg);
  });
});

test.each(Object.keys(renderers) as (keyof typeof renderers)[])('%s: the same network, the same bytes', (format) => {
  for (const text of [...Object.values(specs), paper]) {
    expect(renderers[format](draw(text), {})).toBe(renderers[format](draw(text), {}));
  }
});

describe('DOT', () => {
  test.skipIf(!has('dot', '-V'))('Graphviz takes it, with every box and link', () => {
    for (const text of [...Object.values(specs), paper]) {
      const picture = draw(text, 1);
      const { stdout, stderr, status } = spawnSync('dot', ['-Tplain'], { input: drawDot(picture), encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const count = (what: string): number => stdout.split('\n').filter((line) => line.startsWith(what)).length;
      expect(count('node ')).toBe(picture.boxes.filter((b) => b.state !== 'absent').length);
      const visible = stdout.split('\n').filter((line) => line.startsWith('edge ') && !line.includes(' invis '));
      expect(visible).toHaveLength(picture.links.filter((l) => l.state !== 'absent').length);
    }
  });

  test('quotes and line breaks in names are escaped', () => {
    expect(drawDot({ ...draw(paper), name: 'a"b\\c' })).toContain('digraph "a\\"b\\\\c" {');
  });
});

describe('Mermaid', () => {
  test('has a line for each box and link, a style for each link', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const lines = drawMermaid(picture).split('\n');
        const links = picture.links.filter((l) => l.state !== 'absent');
        expect(lines.slice(0, 4)).toEqual(['---', expect.stringMatching(/^title: "/), '---', 'flowchart LR']);
        const ids = lines.flatMap((l) => /^ {2}(n\d+)(?:\(\[|\()"[^"]+"(?:\]\)|\)):::[a-z]+$/i.exec(l)?.[1] ?? []);
        expect(ids).toHaveLength(picture.boxes.filter((b) => b.state !== 'absent').length);
        expect(lines.filter((l) => /^ {2}n\d+ (-->|==>|-\.->|-- gate -->) n\d+$/.test(l))).toHaveLength(links.length);
        const styled = lines.flatMap((l) => /linkStyle ([\d,]+) /.exec(l)?.[1]?.split(',').map(Number) ?? []);
        expect(styled.sort((a, b) => a - b)).toEqual(links.map((_, k) => k));
      }),
      cases(25),
    );
  });
});

describe('HTML', () => {
  test('is one file that needs no network', () => {
    const page = drawHtml(draw(paper, 2));
    expect(page.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<link|src=|@import|url\(/);
    expect(all(page, /<input type="radio" name="level" value="(\d)"/g)).toEqual(['1', '2', '3', '4']);
    expect(page).toContain('value="2" checked');
    // A syntax error would leave the page dead.
    expect(() => new Function('data', 'document', pageScript)).not.toThrow();
  });

  test.skipIf(!has('chromium', '--version'))(
    'in a browser: the switch cuts what the level cuts, the focus shows the links of a node',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'unetc-html-'));
      try {
        const act = `document.querySelector('[name=level][value="2"]').click();
          document.querySelector('[data-box="X[0,2]"]').focus();`;
        const file = join(folder, 'page.html');
        writeFileSync(file, drawHtml(draw(paper)).replace('</body>', `<script>${act}</script></body>`));
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', pathToFileURL(file).href];
        const { stdout: dom } = spawnSync('chromium', flags, { encoding: 'utf8', timeout: 60_000 });
        const states = new Map(
          [...dom.matchAll(/data-box="([^"]+)" data-kind="cell" data-state="([a-z]+)"/g)].map((m) => [m[1], m[2]]),
        );
        const cut = draw(paper, 2).boxes.filter((b) => b.kind === 'cell');
        for (const b of cut) expect(states.get(b.id), b.id).toBe(b.state);
        expect(dom).toMatch(/<b>511,138<\/b> parameters/);
        const lit = [...dom.matchAll(/data-from="([^"]+)" data-to="([^"]+)"[^>]* class="[^"]*\b(in|out)\b/g)];
        expect(lit.map(([, from, to, way]) => `${way} ${from} ${to}`).sort()).toEqual([
          'in X[0,0] X[0,2]',
          'in X[0,1] X[0,2]',
          'in X[1,1] X[0,2]',
          'out X[0,2] S[2]',
          'out X[0,2] X[0,3]',
          'out X[0,2] X[0,4]',
        ]);
        expect(dom).toContain('sees 44×44 pixels');
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
