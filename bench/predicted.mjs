#!/usr/bin/env node
// Predicted time against measured: calibrates this machine, then runs every preset at every level and mode.
//
//   npm run build && node bench/predicted.mjs
//     [--kinds ort-predict,ort-train,tfjs-train] [--specs unetpp,unet,...] [--rounds 7] [--json FILE]
//     [--clock wall|cpu]   cpu: processor time over cores, for a machine that others use too (run under taskset -c 0)
//
// Without other load it takes some eight minutes on two cores.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureAll, summary } from './predicted/rows.mjs';

const { values: options } = parseArgs({
  options: {
    kinds: { type: 'string', default: 'ort-predict,ort-train,tfjs-train' },
    specs: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'string' },
  },
});
await measureAll({
  kinds: options.kinds.split(','),
  specs: options.specs?.split(','),
  rounds: Number(options.rounds),
  clock: options.clock,
  onKind: (results) => {
    if (options.json) writeFileSync(options.json, JSON.stringify(results));
    console.log(`${summary(results.at(-1))}\n`);
  },
  note: (text) => process.stderr.write(`${text}\n`),
});
