// A trained run, and which of the images that it held out thresholds are chosen on and which are judged.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateNuclei } from '../../dist/runtime/data/generate/nuclei.js';
import { openFolder, readRecord } from '../../dist/runtime/index.js';
import { realImages } from '../report/images.mjs';
import { unetc } from './unetc.mjs';

/** Shares of all images that the run does not see, and of these those that are judged. */
const unseen = 0.36;
const judged = 0.55;

/** The same order on every machine, whatever the names. */
export function shuffled(names) {
  const key = (name) => createHash('sha256').update(`adaptive ${name}`).digest('hex');
  return names
    .map((name) => [key(name), name])
    .sort()
    .map(([, name]) => name);
}

/** `run`: a trained run and `data`, its images; absent: a short one is trained in `folder`, on real images or drawn ones. */
export async function prepare({ run, data, folder, epochs = 10, engine = 'auto', note = () => undefined }) {
  const images = data ?? realImages ?? (await drawn(join(folder, 'data')));
  const trained = run ?? (await train({ images, folder, epochs, engine, note }));
  const { heldOut } = await readRecord(trained);
  const order = shuffled(heldOut);
  const count = Math.round(judged * order.length);
  return { run: trained, data: images, judge: order.slice(0, count).sort(), calibrate: order.slice(count).sort() };
}

async function train({ images, folder, epochs, engine, note }) {
  const run = join(folder, 'run');
  if (existsSync(join(run, 'best.safetensors'))) return run;
  const { names } = await openFolder(images, { channels: 3, classes: 1 });
  const split = join(folder, 'held-out.txt');
  await mkdir(folder, { recursive: true });
  await writeFile(
    split,
    shuffled([...names])
      .slice(0, Math.round(unseen * names.length))
      .sort()
      .join('\n'),
  );
  note(`training on ${images} for ${epochs} epochs`);
  const spec = fileURLToPath(new URL('unetpp-nearest.unet', import.meta.url));
  await unetc(
    'train',
    spec,
    '--data',
    images,
    '--split',
    split,
    '--out',
    run,
    '--epochs',
    `${epochs}`,
    '--engine',
    engine,
  );
  return run;
}

async function drawn(folder) {
  if (!existsSync(folder)) await generateNuclei(folder, { count: 160, size: 96, seed: 2018 });
  return folder;
}

export const writeNames = async (file, names) => {
  await writeFile(file, names.map((name) => `${name}\n`).join(''));
  return file;
};
