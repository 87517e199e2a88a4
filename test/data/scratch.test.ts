import { test } from 'vitest';
import { generateNuclei } from '../../runtime/generate/nuclei.js';
import { openFolder, split, Batches } from '../../runtime/data/index.js';
test('gen', async () => {
  let t = performance.now();
  await generateNuclei('/tmp/nuclei', { count: 24, size: 256, seed: 1, histology: 0.33 });
  console.log('gen', (performance.now() - t) / 24);
  t = performance.now();
  const d = await openFolder('../shared/data/dsb2018', { channels: 3, classes: 1 });
  console.log('open', performance.now() - t);
  const s = split(d, { holdout: 0.2, seed: 0 });
  console.log(s.train.names.length, s.held.names.length);
  const all = [{name:'flip',amount:0},{name:'rotate90',amount:0}] as const;
  const more = [...all, {name:'rotate',amount:20},{name:'scale',amount:.2},{name:'brightness',amount:.1},{name:'contrast',amount:.1},{name:'noise',amount:.02},{name:'elastic',amount:3}] as const;
  const b = new Batches(s.train, { batch: 16, augment: all, normalize: 'unit', seed: 1 }, { size: [96, 96] });
  t = performance.now(); await b.prepare(); console.log('prepare', performance.now() - t);
  for (const [l, a] of [['flips', all], ['all', more]] as const) {
    (b as unknown as {options: {augment: unknown}}).options.augment = a;
    for (let r = 0; r < 4; r++) { t = performance.now(); let n = 0; for await (const x of b.epoch(r)) n += x.image.length > 0 ? 1 : 0; console.log(l, (performance.now() - t) / n); }
  }
  const p = new Batches(s.train, { batch: 16, augment: more, normalize: 'image', seed: 1, patch: [128,128] }, { size: [128, 128] });
  t = performance.now(); await p.prepare(); console.log('prepare native', performance.now() - t);
  for (let r = 0; r < 3; r++) { t = performance.now(); let n = 0; for await (const x of p.epoch(r)) n += x.image.length > 0 ? 1 : 0; console.log('patch', (performance.now() - t) / n); }
});
