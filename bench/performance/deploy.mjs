// Deployed models against the peers' exports, as rows of docs/performance.md: see bench/deploy.mjs.
import { compare } from '../deploy/measure.mjs';

export const title = "Deployment: our ONNX file against the peer's export, ONNX Runtime, fp32";

export async function measure({ python, rounds, note }) {
  if (!python) throw new Error('needs --python, an interpreter with bench/deploy/requirements.txt installed');
  const found = await compare({ python, rounds, note });
  const worst = Math.max(...found.map((f) => f.off));
  const milliseconds = (seconds) => (1000 * seconds).toFixed(1);
  return {
    rows: [
      ...found.map(({ export: name, ratio, middle, ours, peer }) => ({
        what: `${name}: time`,
        figure: ratio,
        goal: { atMost: 0.85 },
        note: `${milliseconds(ours)} of ${milliseconds(peer)} ms; middle half of the rounds ${middle.map((r) => r.toFixed(2)).join(' to ')}`,
      })),
      { what: 'largest difference of any answer', figure: worst / 1e-4, unit: 'x 1e-4', goal: { atMost: 1 } },
    ],
    text: 'One image of 256x256, both files with the same weights in turns (bench/deploy.mjs); `smp` and `MONAI` are those libraries’ own modules.',
  };
}
