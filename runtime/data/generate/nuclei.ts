import { join } from 'node:path';
import sharp from 'sharp';
import { type Random, stream } from '../../../compiler/random.js';
import { UserError } from '../../../compiler/user-error.js';
import { makeFolder, writeAtomic } from '../../support/files/atomic.js';
import { paintFluorescence } from './fluorescence.js';
import { paintHistology } from './histology.js';
import { drawNuclei, type Field } from './scene.js';

/** A generated picture: interleaved RGB, and a mask of 0 and 255. */
export interface NucleiImage {
  readonly size: number;
  readonly rgb: Uint8Array;
  readonly mask: Uint8Array;
}

export interface NucleiOptions {
  /** How many images. */
  readonly count: number;
  /** Height and width in pixels, 16 to 4096. */
  readonly size: number;
  readonly seed: number;
  /** Share of stained tissue sections among fluorescence images; default 0.25. */
  readonly histology?: number;
}

/**
 * Writes `images/` and `masks/` of nuclei-like pictures to try a network on without any data: touching and overlapping
 * cells of irregular outline, uneven light, blur and noise; bright on dark as under a fluorescence microscope, and dark
 * violet on pink as in a stained section. The same options give the same pixels, image k whatever the count.
 *
 * @throws UserError when an option is out of range or the folder can't be written
 */
export async function generateNuclei(folder: string, options: NucleiOptions): Promise<void> {
  const { count, size, seed } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError('generate-count', `can't generate ${count} images`, 'ask for at least 1');
  }
  if (!Number.isInteger(size) || size < 16 || size > 4096) {
    throw new UserError('generate-size', `can't generate images of ${size} pixels`, 'ask for a size of 16 to 4096');
  }
  await makeFolder(join(folder, 'images'));
  await makeFolder(join(folder, 'masks'));
  for (let index = 0; index < count; index++) {
    const { rgb, mask } = drawImage(stream(seed, 'nuclei', index), size, options.histology ?? 0.25);
    const name = `nuclei-${String(index + 1).padStart(4, '0')}.png`;
    const raw = { width: size, height: size };
    const image = await sharp(rgb, { raw: { ...raw, channels: 3 } })
      .png()
      .toBuffer();
    const truth = await sharp(mask, { raw: { ...raw, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    await writeAtomic(join(folder, 'images', name), image);
    await writeAtomic(join(folder, 'masks', name), truth);
  }
}

/** One picture; `histology` is the chance that it is a stained section. */
export function drawImage(random: Random, size: number, histology: number): NucleiImage {
  const stained = random.uniform() < histology;
  const field: Field = drawNuclei(random, size, stained);
  const rgb = stained ? paintHistology(random, field) : paintFluorescence(random, field);
  const mask = new Uint8Array(size * size);
  for (let p = 0; p < mask.length; p++) mask[p] = field.owner[p] === 0 ? 0 : 255;
  return { size, rgb, mask };
}
