import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { generateNuclei } from '../runtime/data/generate/nuclei.js';
import { type Dataset, openFolder } from '../runtime/data/index.js';
import { readMask } from '../runtime/data/masks/index.js';
import type { Evaluation, EvaluationRow } from '../runtime/evaluation/evaluate.js';
import { Scores } from '../runtime/evaluation/scores.js';
import { remove } from '../runtime/support/files/disk.js';
import { build } from './commands/build.js';
import { draw } from './commands/draw.js';
import { evaluate } from './commands/eval.js';
import { predict } from './commands/predict.js';
import { train } from './commands/train.js';
import type { Io, Outcome } from './io.js';
import { run } from './main.js';
import { saved } from './render/evaluation.js';
import { count, duration, percent } from './render/numbers.js';

const spec = join('specs', 'demo.unet');
const folder = 'demo-run';
const paths = {
  data: join(folder, 'data'),
  test: join(folder, 'test'),
  run: join(folder, 'run'),
  drawing: join(folder, 'network.svg'),
  model: join(folder, 'nuclei.onnx'),
  masks: join(folder, 'masks'),
};
const size = 96;
/** To train on; a fifth of them is held out, and chooses the best epoch. */
const images = { count: 200, size, seed: 2018 };
/** Images that had no part in anything: what is reported is measured on these. */
const testImages = { count: 60, size, seed: 4242 };
/** How many points of IoU a user gives up for a smaller network. */
const tolerance = 0.006;

/**
 * The whole way of a spec, by the functions of the commands themselves: images, training with deep supervision, the
 * table of levels, the level worth deploying as ONNX, and masks from that file. Replaces what an earlier
 * demo left in `demo-run/`.
 */
export const runDemo = (): Promise<void> => run(demo);

async function demo(io: Io): Promise<Outcome> {
  const started = performance.now();
  for (const path of Object.values(paths)) await remove(path);
  const say = (text: string): void => io.out(`${text}\n`);
  const step = async (command: string, work: () => Promise<Outcome>): Promise<Outcome> => {
    say(`\n$ unetc ${command}`);
    const outcome = await work();
    if (outcome.text !== '') say(outcome.text);
    return outcome;
  };

  say(`generating ${images.count} images of nuclei to train on and ${testImages.count} to test on in ${folder}/`);
  await generateNuclei(paths.data, images);
  await generateNuclei(paths.test, testImages);
  const test = await openFolder(paths.test, { channels: 3, classes: 1 });
  await step(`draw ${spec} -o ${paths.drawing}`, () => draw(spec, { out: paths.drawing }, io));
  const trained = await step(`train ${spec} --data ${paths.data} --out ${paths.run}`, () =>
    train(spec, { data: paths.data, out: paths.run }, io),
  );
  if (trained.exit) return { ...trained, text: '' };
  const evaluated = await step(`eval ${paths.run} --data ${paths.test}`, () =>
    evaluate(paths.run, { data: paths.test }, io),
  );
  const { rows } = evaluated.json as Evaluation;
  const chosen = worthDeploying(rows);
  say(`\n${because(chosen, rows)}`);
  const level = `L${chosen.level}`;
  await step(`build ${spec} --weights ${paths.run} --prune ${level} --mode ${chosen.mode} -o ${paths.model}`, () =>
    build(spec, { weights: paths.run, prune: level, mode: chosen.mode, out: paths.model }, io),
  );
  const files = [...test.imageFiles];
  say(`\n$ unetc predict ${paths.model} ${files[0]} ... -o ${paths.masks} --overlay`);
  await predict(paths.model, files, { out: paths.masks, overlay: true }, io);
  const iou = await judgeMasks(test);
  const text = [
    `${files.length} masks, IoU ${percent(iou)} % against the truth: the exported file does what was measured`,
    '',
    `report    ${resolve(paths.run, 'report.html')}`,
    `network   ${resolve(paths.drawing)}`,
    `model     ${resolve(paths.model)}`,
    `overlays  ${resolve(paths.masks, 'overlays')} (${(await readdir(join(paths.masks, 'overlays'))).length} images)`,
    `all in ${duration((performance.now() - started) / 1000)} minutes`,
  ].join('\n');
  return { json: { rows, chosen, iou }, text };
}

/** The cheapest row whose IoU is within `tolerance` of the best. */
function worthDeploying(rows: readonly EvaluationRow[]): EvaluationRow {
  const best = Math.max(...rows.map((r) => r.iou));
  const good = rows
    .filter((r) => r.iou >= best - tolerance)
    .sort((a, b) => a.macs - b.macs || a.parameters - b.parameters);
  return good[0] as EvaluationRow;
}

function because(chosen: EvaluationRow, rows: readonly EvaluationRow[]): string {
  const best = rows.reduce((a, b) => (b.iou > a.iou ? b : a));
  const full = rows.findLast((r) => r.mode === chosen.mode) ?? best;
  return (
    `best is L${best.level} ${best.mode}, IoU ${percent(best.iou)} %; the smallest within ${(100 * tolerance).toFixed(1)} points is ` +
    `L${chosen.level} ${chosen.mode}, ${percent(chosen.iou)} %: ${count(chosen.parameters)} of ${count(full.parameters)} parameters` +
    ((chosen.saving ?? 0) > 0 ? `, ${saved(chosen.saving)} of the time saved` : '')
  );
}

/** Mean IoU of the masks written, read back from disk, against the generated truth. */
async function judgeMasks(test: Dataset): Promise<number> {
  const scores = new Scores({ classes: ['mask'], exclusive: false });
  const shares = (mask: Uint8Array): Float32Array => Float32Array.from(mask, (v) => (v > 0 ? 1 : 0));
  for (const [k, name] of test.names.entries()) {
    const mask = await readMask(
      [join(paths.masks, `${name}.png`)],
      { rule: { kind: 'nonzero', invert: false } },
      { classes: 1, exclusive: false, folders: false },
    );
    scores.add(shares(mask.data), shares((await test.mask(k)).data));
  }
  return scores.quality().iou;
}
