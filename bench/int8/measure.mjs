// The figures of bench/int8.mjs.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { realImages } from '../report/images.mjs';
import { median } from '../step/statistics.mjs';
import { flagsOf } from './cpu.mjs';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const spec = here('./nearest.unet');
const width = [16, 32, 64, 128, 256];
const trainedAt = [96, 96];
/** Images whose answers are compared across runtimes. */
const compared = 12;

const unetc = async (...argv) => {
  const { stdout } = await run(process.execPath, [here('../../cli/unetc.mjs'), ...argv, '--json'], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
};

/** A run of the spec: the one given, one trained before, or one trained now. */
async function trainedRun({ given, data, epochs, note }) {
  if (given) return given;
  const folder = join(tmpdir(), `unetc-int8-${epochs}`);
  if (existsSync(join(folder, 'report.html'))) return folder;
  note(`training ${spec} for ${epochs} epochs into ${folder}`);
  const resume = existsSync(join(folder, 'run.json')) ? ['--resume'] : [];
  await unetc('train', spec, '--data', data, '--out', folder, '--epochs', `${epochs}`, ...resume);
  return folder;
}

const floatsOf = async (file) => {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
};

const distance = (a, b) => a.reduce((most, v, k) => Math.max(most, Math.abs(v - b[k])), 0);
const meanDistance = (a, b) => a.reduce((sum, v, k) => sum + Math.abs(v - b[k]), 0) / a.length;

/** Interleaved times of files in onnxruntime-node: by name, one number a round. */
async function timesOf(engine, files, shape, rounds) {
  const predictors = [];
  for (const [name, file] of files) predictors.push([name, await engine.open(await readFile(file))]);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => (Math.sin(k * 1.7) + 1) / 2);
  const times = new Map(predictors.map(([name]) => [name, []]));
  for (let round = -3; round < rounds; round++) {
    for (const [name, predictor] of round % 2 === 0 ? predictors : predictors.toReversed()) {
      const started = performance.now();
      await predictor.run({ data, shape });
      if (round >= 0) times.get(name).push(performance.now() - started);
    }
  }
  for (const [, predictor] of predictors) await predictor.dispose();
  return times;
}

const ratio = (a, b) => Number((median(a) / median(b)).toFixed(3));
const points = (share) => Number((100 * share).toFixed(2));

/**
 * @param options.python an interpreter, or undefined: then nothing of the peer, of Python's onnxruntime or of OpenVINO
 * @returns rows for a page; none, and a text that says so, where the images are not there
 */
export async function measure({
  python,
  rounds = 15,
  note = () => {},
  data,
  run: given,
  epochs = 8,
  size = [256, 256],
}) {
  const folder = data ?? realImages;
  if (folder === undefined || !existsSync(join(folder, 'images')))
    return { rows: [], text: `not measured: there are no images${folder ? ` in ${folder}` : ''}: give --data` };
  const runFolder = await trainedRun({ given, data: folder, epochs, note });
  const work = await mkdtemp(join(tmpdir(), 'unetc-int8-bench-'));
  try {
    return await measureIn({ work, runFolder, folder, python, rounds, note, size });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function measureIn({ work, runFolder, folder, python, rounds, note, size }) {
  const { ort, openRun, runWeights, openFolder, dataFormat, split } = await import('../../dist/runtime/index.js');
  const { HeldOut } = await import('../../dist/runtime/evaluation/held-out.js');
  const { judge } = await import('../../dist/runtime/evaluation/judge.js');
  const at = (name) => join(work, name);
  const rows = [];
  const missing = flagsOf().includes('vnni')
    ? undefined
    : 'this processor has no VNNI: bytes are multiplied in two steps';

  let whole;
  for (const level of [1, 2, 3, 4]) {
    const built = await unetc(
      'build',
      runFolder,
      '--prune',
      `L${level}`,
      '-o',
      at(`int8-L${level}.onnx`),
      ...quantized(folder),
    );
    const { iou, layers, float, ranges } = built.quantize;
    const said = `${points(iou.before)} to ${points(iou.after)} %, ${layers.length} of ${layers.length + float.length} convolutions, ranges by ${ranges}`;
    note(`L${level}: IoU ${said}`);
    const lost = points(iou.before - iou.after);
    rows.push({ what: `IoU lost to int8, L${level}`, figure: lost, unit: 'points', goal: { atMost: 0.3 }, note: said });
    whole = built;
  }
  await cp(at('int8-L4.onnx'), at('int8.onnx'));
  // The same in OpenVINO's shape.
  await unetc('build', runFolder, '-o', at('int8-openvino.onnx'), ...quantized(folder), '--for', 'openvino');
  await unetc('build', runFolder, '-o', at('float.onnx'));
  const bytes = async (name) => (await stat(at(name))).size;
  const share = (await bytes('int8.onnx')) / (await bytes('float.onnx'));
  rows.push({ what: 'bytes of the file, int8 to fp32', figure: Number(share.toFixed(3)), goal: { atMost: 0.3 } });

  const { network, record } = await openRun(runFolder);
  const dataset = await openFolder(folder, dataFormat(network, record.recipe));
  const held = new HeldOut(split(dataset, { names: record.heldOut }).held, record.task);
  const files = ['float', 'int8', 'int8-openvino'].map((name) => [name, at(`${name}.onnx`)]);
  if (python) {
    await writeForPeer({ at, dataset, record, held, weights: await runWeights(runFolder), size, rounds });
    note('exporting and quantizing the peer');
    await run(python, [here('./peer.py'), 'make', work], { maxBuffer: 2 ** 26 });
    files.push(['peer', at('peer.onnx')], ['peer-int8', at('peer-int8.onnx')]);
  }

  note('timing in ONNX Runtime');
  const times = await timesOf(ort, files, [1, 3, ...size], rounds);
  const of = (name) => times.get(name);
  const own = `${median(of('int8')).toFixed(1)} of ${median(of('float')).toFixed(1)} ms at ${size.join('x')}`;
  rows.push({
    what: 'time in ONNX Runtime, int8 to fp32',
    figure: ratio(of('int8'), of('float')),
    goal: { atMost: 0.45 },
    note: [own, `--for openvino ${ratio(of('int8-openvino'), of('float'))}`, missing].filter(Boolean).join('; '),
  });
  if (!python) return { rows, text: 'No --python: no peer, no OpenVINO, no comparison of runtimes.' };

  rows.push({
    what: "time in ONNX Runtime, int8 to the peer's int8",
    figure: ratio(of('int8'), of('peer-int8')),
    goal: { atMost: 1 },
    note: `the peer's to its fp32: ${ratio(of('peer-int8'), of('peer'))}`,
  });
  const quality = {};
  for (const name of ['peer', 'peer-int8']) {
    const predictor = await ort.open(await readFile(at(`${name}.onnx`)));
    quality[name] = (await judge([{ predictor, outputs: null }], held, { task: record.task }))[0].scores[0].quality();
    await predictor.dispose();
  }
  const peerLost = points(quality.peer.iou - quality['peer-int8'].iou);
  const ours = points(whole.quantize.iou.before - whole.quantize.iou.after);
  rows.push({
    what: 'IoU lost by the peer, L4',
    figure: peerLost,
    unit: 'points',
    note: `onnxruntime.quantization, its defaults for QDQ with seven bits a channel; ours ${ours}`,
  });
  rows.push(...(await otherRuntimes({ ort, at, held, python, work, note, missing })));
  return { rows };
}

const quantized = (folder) => ['--quantize', 'int8', '--calibrate', folder];

/** Weights, calibration images, inputs to compare, and what is to be known of them. */
async function writeForPeer({ at, dataset, record, held, weights, size, rounds }) {
  const { encodeSafetensors } = await import('../../dist/runtime/run/safetensors.js');
  const { calibrationImages, openCalibration } = await import('../../dist/runtime/deployment/quantize/index.js');
  await mkdir(at('.'), { recursive: true });
  await writeFile(at('weights.safetensors'), Buffer.concat([...encodeSafetensors({ tensors: weights, metadata: {} })]));
  const format = { channels: 3, classes: 1 };
  const opened = await openCalibration(dataset.folder, format);
  const planes = await calibrationImages(opened, { task: record.task, judged: record.heldOut, seed: 0 });
  const joined = (list) =>
    Buffer.concat(list.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  await writeFile(at('calibration.f32'), joined(planes));
  const inputs = [];
  for (let k = 0; k < compared; k++) inputs.push((await held.at(k)).input);
  await writeFile(at('inputs.f32'), joined(inputs));
  await writeFile(
    at('facts.json'),
    JSON.stringify({
      width,
      size: trainedAt,
      rounds,
      threads: availableParallelism(),
      time_size: size,
      models: ['float', 'int8', 'int8-openvino'],
      timed: ['float', 'int8', 'int8-openvino', 'peer-int8'],
    }),
  );
}

/** The same files in Python's onnxruntime and in OpenVINO: answers, and times in the latter. */
async function otherRuntimes({ ort, at, held, python, work, note, missing }) {
  note("comparing answers with Python's onnxruntime and OpenVINO");
  await run(python, [here('./peer.py'), 'answers', work], { maxBuffer: 2 ** 26 });
  const rows = [];
  const answers = {};
  for (const name of ['float', 'int8', 'int8-openvino']) {
    const predictor = await ort.open(await readFile(at(`${name}.onnx`)));
    const found = [];
    for (let k = 0; k < compared; k++) {
      const { data, height, width: columns, channels } = (await held.at(k)).input;
      const [answer] = [...(await predictor.run({ data, shape: [1, channels, height, columns] })).values()];
      found.push(...answer.data);
    }
    await predictor.dispose();
    answers[name] = Float32Array.from(found);
  }
  for (const [runtime, title] of [
    ['onnxruntime', "Python's onnxruntime"],
    ['openvino', 'OpenVINO'],
  ]) {
    const own = runtime === 'openvino' ? 'int8-openvino' : 'int8';
    const theirs = await floatsOf(at(`${own}.${runtime}.f32`));
    const others = distance(await floatsOf(at(`float.${runtime}.f32`)), answers.float);
    const flips = theirs.filter((v, k) => v > 0.5 !== answers[own][k] > 0.5).length;
    rows.push({
      what: `largest distance of an int8 answer in ${title} from onnxruntime-node's`,
      figure: Number(distance(theirs, answers[own]).toFixed(4)),
      goal: { atMost: 0.05 },
      note: `mean ${meanDistance(theirs, answers[own]).toExponential(1)}, ${flips} of ${theirs.length} pixels decided otherwise; in fp32 ${others.toExponential(1)}`,
    });
  }
  note('timing in OpenVINO');
  const { stdout } = await run(python, [here('./peer.py'), 'openvino', work], { maxBuffer: 2 ** 26 });
  const times = JSON.parse(stdout.trim().split('\n').at(-1));
  rows.push({
    what: 'time in OpenVINO, int8 (--for openvino) to fp32',
    figure: ratio(times['int8-openvino'], times.float),
    goal: { atMost: 0.12 },
    note: [
      `int8 --for ort ${ratio(times.int8, times.float)}`,
      `the peer's int8 ${ratio(times['peer-int8'], times.float)}`,
      missing,
    ]
      .filter(Boolean)
      .join('; '),
  });
  return rows;
}
