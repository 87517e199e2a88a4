#!/usr/bin/env node
// What this compiler writes to deploy against what PyTorch exports of the same network with the same weights, in ONNX Runtime, fp32:
//
//   npm run build && node bench/deploy.mjs --python PATH [--rounds 15] [--only TEXT,TEXT] [--json]
//
// --python names an interpreter with bench/deploy/requirements.txt installed. Networks are in bench/deploy/networks.mjs; two of
// segmentation_models.pytorch and one of MONAI are exported from those libraries' own modules. Both files run in onnxruntime-node in turns, on
// one image. Printed are the ratio of medians, the middle half of the ratios of single rounds, and how far the answers are apart.
import { parseArgs } from 'node:util';
import { compare } from './deploy/measure.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (!options.python) {
  console.error('the peers are exported by Python: give --python, an interpreter with bench/deploy/requirements.txt');
  process.exit(2);
}
const found = await compare({
  python: options.python,
  rounds: Number(options.rounds),
  only: options.only?.split(','),
  note: (text) => process.stderr.write(`${text}\n`),
  onFound: options.json ? undefined : print,
});
if (options.json) console.log(JSON.stringify(found, null, 1));

function print({ export: name, ratio, middle, ours, peer, off, spread }) {
  const times = `${(1000 * ours).toFixed(1)} of ${(1000 * peer).toFixed(1)} ms`;
  const rounds = middle.map((r) => r.toFixed(2)).join(' to ');
  const [ours32, peer32] = [off.exact, off.peerExact].map((d) => d.toExponential(1));
  const answers = `${off.peer.toExponential(1)} apart, from double precision ${ours32} and ${peer32}; spread ${spread.toFixed(2)}`;
  console.log(`${name.padEnd(28)} ${ratio.toFixed(2)} (${rounds})  ${times}; ${answers}`);
}
