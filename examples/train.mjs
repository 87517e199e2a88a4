// Trains a spec with callbacks: node examples/train.mjs spec.unet DATA RUN. Ctrl-C saves; the same command with --resume goes on.
import { dataFormat, loadFile, openEngine, openFolder, openModel, predictImages, train } from 'unetc/runtime';

const [file, data, runFolder, flag] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const { text: specText, imports, params, network, recipe } = await loadFile(file);
const dataset = await openFolder(data, dataFormat(network, recipe));
const engine = await openEngine('auto', { purpose: 'train' });
const result = await train({
  ...{ specText, imports, params, network, recipe, dataset, runFolder, engine },
  resume: flag === '--resume',
  signal: stop.signal,
  onProgress: (p) => p.kind === 'epoch' && console.log(`epoch ${p.line.epoch}: loss ${p.line.loss.toFixed(4)}`),
});
console.log(JSON.stringify({ epochs: result.epochs, best: result.best }));

if (!result.interrupted) {
  const model = await openModel(runFolder, { engine });
  const masks = await predictImages({ model, images: dataset.imageFiles.slice(0, 2), out: `${runFolder}/masks` });
  console.log(masks.map((m) => m.mask).join(' '));
  await model.predictor.dispose();
}
