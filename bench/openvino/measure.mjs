// UNet++ 32..512 with batch norm and nearest upsampling, 3x256x256, batch 1, at every level: ONNX Runtime and OpenVINO from
// Node on what this compiler writes, OpenVINO from Python on PyTorch's export of the same network. All in turns.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitOnnx } from '../../dist/compiler/5-emit/onnx/index.js';
import { initialWeights } from '../../dist/compiler/6-build/initialize.js';
import { deploy, load, specializeGraph } from '../../dist/compiler/index.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';
import { openVino, requirePrecision } from '../../dist/runtime/engines/openvino/core.js';
import { openvino } from '../../dist/runtime/engines/openvino/index.js';
import { cpuFeatures, hasFeature, readCpu } from '../../dist/runtime/support/cpu.js';
import { specOf } from '../step/networks.mjs';
import { median } from '../step/statistics.mjs';
import { startPython } from './python.mjs';

const width = [32, 64, 128, 256, 512];
const size = 256;

/** The names of sides: `L4 ort fp32`, `L4 openvino int8`, `L4 python fp32`. */
const nameOf = (level, engine, precision) => `L${level} ${engine} ${precision}`;

/**
 * Times every side `rounds` times.
 * @returns what the CPU has, levels, and seconds by side, in rounds
 */
export async function timeSides({ python, rounds, note }) {
  const [spec, options] = specOf({ family: 'unetpp', width, up: 'nearest' });
  const { network } = load(spec.replace('mean(S)', 'last(S)'), options);
  const weights = initialWeights(network.graph.params, 0);
  const arrays = new Map([...weights].map(([path, { data }]) => [path, data]));
  const graphs = network.levels.map((level) => specializeGraph(deploy(network, { level }), { N: 1, H: size, W: size }));
  const image = {
    shape: [1, 3, size, size],
    data: Float32Array.from({ length: 3 * size * size }, (_, k) => (Math.sin(k * 12.9898) + 1) / 2),
  };
  const cpu = await readCpu();
  const hasBf16 = await ableToBf16();
  const folder = mkdtempSync(join(tmpdir(), 'unetc-openvino-'));
  const sides = new Map();
  const done = [];
  const add = (name, predictor) => {
    done.push(() => predictor.dispose());
    sides.set(name, async () => {
      const start = performance.now();
      await predictor.run(image);
      return (performance.now() - start) / 1000;
    });
  };
  try {
    for (const [k, graph] of graphs.entries()) {
      const level = network.levels[k];
      add(nameOf(level, 'ort', 'fp32'), await ort.predictor(graph, weights));
      add(nameOf(level, 'openvino', 'fp32'), await openvino().predictor(graph, weights));
      if (hasBf16)
        add(nameOf(level, 'openvino', 'bf16'), await openvino({ precision: 'bf16' }).predictor(graph, weights));
    }
    let about;
    if (python) {
      note?.('Python exports the network at every level, and quantizes it');
      const told = ['--folder', folder, '--width', width.join(), '--size', `${size}`];
      const side = await startPython(python, [...told, '--threads', `${availableParallelism()}`]);
      done.push(() => side.stop());
      about = side.about;
      for (const name of about.sides) {
        const [level, precision] = name.split(' ');
        sides.set(`${level} python ${precision}`, () => side.run(name));
      }
      const top = network.levels.at(-1);
      const [plain, low] = ['ours.onnx', 'ours-int8.onnx'].map((file) => join(folder, file));
      writeFileSync(plain, emitOnnx(graphs.at(-1), { weights: arrays, name: 'bench', metadata: {} }));
      await side.quantize(plain, low);
      const int8 = readFileSync(low);
      add(nameOf(top, 'ort', 'int8'), await ort.open(int8));
      add(nameOf(top, 'openvino', 'int8'), await openvino().open(int8));
    }
    const seconds = new Map([...sides.keys()].map((name) => [name, []]));
    for (let round = -2; round < rounds; round++) {
      note?.(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
      for (const [name, run] of sides) {
        const took = await run();
        if (round >= 0) seconds.get(name).push(took);
      }
    }
    const features = cpuFeatures.filter((feature) => hasFeature(cpu, feature));
    return { cpu: { model: cpu.model, features }, levels: network.levels, hasBf16, about, seconds };
  } finally {
    for (const end of done.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ableToBf16() {
  const core = await openVino();
  try {
    requirePrecision(core, 'cpu', 'bf16');
    return true;
  } catch {
    return false;
  }
}

/**
 * Of a measurement: a side's median, and the median of two sides' ratios, round by round, so that a slow minute slows both.
 * Undefined for a side that there isn't.
 */
export const ratiosOf = ({ seconds }) => ({
  at: (name) => (seconds.has(name) ? median(seconds.get(name)) : undefined),
  of: (a, b) =>
    seconds.has(a) && seconds.has(b) ? median(seconds.get(a).map((s, round) => s / seconds.get(b)[round])) : undefined,
});
