import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { drawSvg, pictureOf } from '../../compiler/5-emit/drawing/index.js';
import { networkOf, specs } from './specs.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const preset = (name: string): string => readFileSync(at(`specs/${name}.unet`), 'utf8');

const pictures: [string, string, number | undefined][] = [
  ['network', preset('unetpp'), undefined],
  ['drawings/unetpp-L2', preset('unetpp'), 2],
  ['drawings/unet', preset('unet'), undefined],
  ['drawings/attention-unet', specs.attention, undefined],
  ['drawings/unet3plus', specs.unet3plus, undefined],
];

describe('pictures in docs/ are what draw draws (UPDATE=1 writes them)', () => {
  test.each(pictures)('%s.svg', (name, text, level) => {
    const svg = drawSvg(pictureOf(networkOf(text), { level, sizes: { N: 1, H: 256, W: 256 } }));
    const file = at(`docs/${name}.svg`);
    if (process.env.UPDATE) writeFileSync(file, svg);
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(svg);
  });
});
