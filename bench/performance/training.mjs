// A training step against PyTorch's: bench/step.mjs on every network of bench/step/networks.mjs.

import { hasFeature, readCpu } from '../../dist/runtime/support/cpu.js';
import { jsonOf } from '../report/spawn.mjs';
import { networks } from '../step/networks.mjs';

export const title = 'A training step against PyTorch';

/** The step of facts.md, whose goals are the hardest. */
const main = 'unetpp-128';

const sides = [
  { side: 'tensorflow', name: 'TensorFlow fp32', against: 'toFp32', peer: 'fp32', atMost: [0.65, 0.75] },
  { side: 'tensorflow-bf16', name: 'TensorFlow bf16', against: 'toBf16', peer: 'bf16', atMost: [0.6, 0.75] },
  { side: 'ort', name: 'ONNX Runtime fp32', against: 'toFp32', peer: 'fp32', atMost: [1.2, 1.2] },
];

export async function measure({ python, rounds, note }) {
  // Below AVX-512 every side computes bf16 in software, PyTorch for minutes.
  const low = hasFeature(await readCpu(), 'avx512f') !== false;
  const timed = ['ort', 'tensorflow', 'torch', ...(low ? ['tensorflow-bf16', 'torch-bf16'] : [])];
  if (!python) throw new Error('needs --python, an interpreter with bench/torch/requirements.txt installed');
  const rows = [];
  for (const name of Object.keys(networks)) {
    note(name);
    const { networks: found } = jsonOf('step.mjs', [
      '--python',
      python,
      '--rounds',
      rounds,
      '--networks',
      name,
      '--sides',
      timed.join(),
      '--json',
    ]);
    const [result] = found;
    const peaks = new Map(result.sides.map((s) => [s.side, s.peakGb]));
    const { family, width, up, size, batch } = result;
    const what = `${name} (${family} ${width.join(' ')}${up ? `, ${up}` : ''}, 3x${size}x${size}, batch ${batch})`;
    for (const { side, name: engine, against, peer, atMost } of sides) {
      const ours = result.sides.find((s) => s.side === side);
      if (!ours?.[against]) continue;
      const { ofMedians, quarter, threeQuarters } = ours[against];
      const spread = `${ours.seconds.toFixed(3)} s; middle half of the rounds ${quarter.toFixed(2)} to ${threeQuarters.toFixed(2)}`;
      rows.push({
        what: `${what}: ${engine}, time`,
        figure: ofMedians,
        goal: { atMost: atMost[name === main ? 0 : 1] },
        note: spread,
      });
      const memory = ours.peakGb / peaks.get(result.against[peer]);
      rows.push({
        what: `${what}: ${engine}, peak memory`,
        figure: memory,
        goal: { atMost: 0.6 },
        note: `${ours.peakGb.toFixed(2)} GB`,
      });
    }
  }
  return {
    rows,
    text: `Against PyTorch's channels_last step of the same precision, forward to optimizer; medians of turns (bench/step.mjs).${low ? '' : ' No bf16: this CPU has none.'}`,
  };
}
