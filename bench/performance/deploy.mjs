// Deployed models against the peers' exports, as rows of docs/performance.md: see bench/deploy.mjs.
import { compare } from '../deploy/measure.mjs';

export const title = "Deployment: our ONNX file against the peer's export, ONNX Runtime, fp32";

export async function measure({ python, rounds, note }) {
  if (!python) throw new Error('needs --python, an interpreter with bench/deploy/requirements.txt installed');
  const found = await compare({ python, rounds, note });
  const worst = found.reduce((a, b) => (b.off.exact > a.off.exact ? b : a));
  const milliseconds = (seconds) => (1000 * seconds).toFixed(1);
  return {
    rows: [
      ...found.map(({ export: name, ratio, middle, ours, peer }) => ({
        what: `${name}: time`,
        figure: ratio,
        goal: { atMost: 0.85 },
        note: `${milliseconds(ours)} of ${milliseconds(peer)} ms; middle half of the rounds ${middle.map((r) => r.toFixed(2)).join(' to ')}`,
      })),
      {
        what: 'largest distance of an answer from that in double precision',
        figure: worst.off.exact / 1e-4,
        unit: 'x 1e-4',
        goal: { atMost: 1 },
        note: `${worst.export}; the peer's is ${(worst.off.peerExact / 1e-4).toFixed(2)}`,
      },
    ],
    text: 'One image of 256x256, both files with the same weights in turns (bench/deploy.mjs); `smp` and `MONAI` are those libraries’ own modules.',
  };
}
