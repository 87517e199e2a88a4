#!/usr/bin/env node
// Adaptive models beside each of their levels, on images that neither the weights nor the thresholds have seen:
//
//   npm run build && node bench/adaptive.mjs
//     [--run RUN --data DIR]   a trained run and its images; without: trains bench/adaptive/unetpp-nearest.unet, on
//                              dsb2018 where it is there, else on drawn nuclei [--epochs 10] [--engine auto]
//     [--losses 0.2,0.5,1] [--rounds 3] [--mode fast] [--folder FOLDER] [--json]
//
// Of the images that the run held out, the larger part is judged and thresholds are chosen on the rest. Every file
// takes its turn at each image; a time is the mean over images of the best of the rounds.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, measure, tableOf } from './adaptive/measure.mjs';
import { prepare } from './adaptive/prepare.mjs';

const { values: options } = parseArgs({
  options: {
    run: { type: 'string' },
    data: { type: 'string' },
    epochs: { type: 'string', default: '10' },
    engine: { type: 'string', default: 'auto' },
    losses: { type: 'string', default: '0.2,0.5,1' },
    rounds: { type: 'string', default: '3' },
    mode: { type: 'string', default: 'fast' },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const note = (text) => process.stderr.write(`${text}\n`);
const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'unetc-adaptive-')));
const prepared = await prepare({ ...options, epochs: Number(options.epochs), folder, note });
const losses = options.losses.split(',').map(Number);
const sides = await build({ ...prepared, folder, losses, mode: options.mode });
const found = await measure(sides, { ...prepared, rounds: Number(options.rounds), note });
if (options.json) console.log(JSON.stringify(found, null, 1));
else {
  console.log(
    `${prepared.judge.length} images judged, thresholds chosen on ${prepared.calibrate.length} others; ${prepared.run}\n`,
  );
  console.log(tableOf(found));
}
