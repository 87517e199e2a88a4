import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { test } from 'vitest';
import { drawNetwork } from '../../compiler/5-emit/svg/index.js';
import { unet, unetpp } from './networks.js';

test('look', async () => {
  const show = async (name: string, svg: string) => {
    writeFileSync(`/tmp/look-${name}.svg`, svg);
    await sharp(Buffer.from(svg), { density: 110 }).png().toFile(`/tmp/look-${name}.png`);
  };
  const w = [32, 64, 128, 256, 512];
  await show('upp', drawNetwork(unetpp(w)));
  await show('upp2', drawNetwork(unetpp(w), { level: 2 }));
  await show('unet', drawNetwork(unet(w, { grids: true })));
  await show('nogrid', drawNetwork(unet(w, { grids: false })));
  await show('l1', drawNetwork(unetpp([8, 16])));
  await show('l6', drawNetwork(unetpp([8, 16, 32, 64, 128, 256, 512])));
});
