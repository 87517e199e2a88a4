#!/usr/bin/env node
// Equal ways to write a gradient in ONNX, shape by shape: what the static rules of compiler/5-emit/onnx stand on.
//
//   npm run build && node bench/onnx-lowerings.mjs [--rounds 10] [--wall] [--only filter|relu|conv] [--all]
//
// By default one thread, and the processor time of a run, least of all rounds: it stays true while others use the machine.
// --wall: two threads, and time on the clock. Each alternative has a session of its own, alone; two passes over all.
// `*` marks what the emitter's rule chooses. A wrong result is an error, not a number.
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LoweringContext } from '../dist/compiler/5-emit/onnx/lowering.js';
import { blockedBackwards, blockedFilters, convolved, pays } from '../dist/compiler/5-emit/onnx/lowerings/blocked.js';
import { convInputGrad } from '../dist/compiler/5-emit/onnx/lowerings/conv.js';
import { bySlices } from '../dist/compiler/5-emit/onnx/lowerings/filter-grad.js';
import { byExchange, exchange } from '../dist/compiler/5-emit/onnx/lowerings/filter-grad-conv.js';
import { arrangement, byFlatShifts } from '../dist/compiler/5-emit/onnx/lowerings/filter-grad-shifts.js';
import { byPhases } from '../dist/compiler/5-emit/onnx/lowerings/phases.js';
import { windowAttributes } from '../dist/compiler/5-emit/onnx/lowerings/window.js';
import { ModelBuilder } from '../dist/compiler/5-emit/onnx/model-builder.js';
import { encodeModel } from '../dist/compiler/5-emit/onnx/schema.js';
import { num } from '../dist/compiler/ir/dim.js';
import { resolveTransposeWindow, resolveWindow } from '../dist/compiler/ops/spatial.js';
import { blockSize } from '../dist/runtime/engines/onnxruntime/blocks.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    wall: { type: 'boolean', default: false },
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);

/** Inputs by name and shape; each alternative writes nodes into a ModelBuilder and answers its output's name. */
async function compare(title, inputs, rank, alternatives, chosen, block = 0) {
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, dims]) => [name, noise(dims)]));
  const best = new Map();
  let due;
  for (let pass = 0; pass < 2; pass++) {
    for (const [name, write] of Object.entries(alternatives)) {
      const { session, output } = await open(inputs, rank, write, block);
      for (let k = 0; k < rounds; k++) {
        const [clock, cpu] = [performance.now(), process.cpuUsage()];
        const result = await session.run(feeds);
        const used = process.cpuUsage(cpu);
        const time = options.wall ? performance.now() - clock : (used.user + used.system) / 1000;
        best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, time));
        due ??= result[output].data;
        if (k === 0) agree(result[output].data, due, `${title}, ${name}`);
      }
      await session.release();
    }
  }
  const cells = Array.from(best, ([name, ms]) => `${name}${name === chosen ? '*' : ''} ${ms.toFixed(2)}`);
  console.log(title.padEnd(26), cells.join('  '));
}

async function open(inputs, rank, write, block) {
  const model = new ModelBuilder('cpu', block);
  for (const name of Object.keys(inputs)) model.reserve(name);
  const output = write(model);
  const bytes = encodeModel({
    irVersion: 8,
    opset: 17,
    producer: 'bench',
    name: 'bench',
    metadata: {},
    nodes: model.nodes,
    initializers: model.initializers,
    inputs: Object.entries(inputs).map(([name, dims]) => ({ name, type: 'float', dims })),
    outputs: [{ name: output, type: 'float', dims: Array.from({ length: rank }, (_, k) => `d${k}`) }],
  });
  const threads = options.wall ? 2 : 1;
  return { output, session: await InferenceSession.create(bytes, { intraOpNumThreads: threads, logSeverityLevel: 3 }) };
}

function noise(dims) {
  let state = 1;
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  });
  return new Tensor('float32', data, dims);
}

function agree(got, due, what) {
  const scale = due.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const off = due.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i])), 0);
  if (got.length !== due.length || !(off <= 1e-4 * scale)) throw new Error(`${what} is off by ${off} of ${scale}`);
}

/** What a lowering sees of a node with these inputs. */
function context(model, inputs, attrs, out, plain = false) {
  const value = ([, shape], id) => ({ id, type: { dtype: 'f32', shape: shape.map(num) }, origin: { path: 'bench' } });
  const node = {
    op: 'bench',
    attrs,
    inputs: Object.entries(inputs).map(value),
    outputs: out ? [value(['y', out], 9)] : [],
    origin: { path: 'bench' },
  };
  if (plain) Object.defineProperty(model, 'block', { value: 0 });
  return new LoweringContext(node, Object.keys(inputs), model, { wanted: new Set(), names: new Map() });
}

const exchanged = ({ image, grouped }) => `conv on ${image}${grouped ? ', groups' : ''}`;
const way = ({ onX, folded }) => (folded ? 'one row: ' : '') + onX.map((x) => (x ? 'x' : 'dy')).join(',');

/** 3x3 convolutions of a UNet++ 16..256 at 128x128, batch 4, and a few others. */
async function filterGradients() {
  console.log(
    'conv_filter_grad, 3x3, N x C -> O at size: strided slices, or copies of x or dy for the rows and columns',
  );
  const shapes = [
    [4, 3, 16, 128],
    [4, 16, 16, 128],
    [4, 48, 16, 128],
    [4, 96, 16, 128],
    [4, 16, 32, 64],
    [4, 32, 32, 64],
    [4, 160, 32, 64],
    [4, 64, 64, 32],
    [4, 256, 64, 32],
    [4, 128, 128, 16],
    [4, 384, 128, 16],
    [4, 128, 256, 8],
    [4, 256, 256, 8],
    [16, 32, 32, 48],
    [2, 64, 64, 128],
  ];
  const attrs = { kernel: 3, stride: 1, padding: 'same', dilation: 1 };
  const window = resolveWindow(attrs, 2);
  for (const [n, channels, outChannels, size] of shapes) {
    const inputs = { x: [n, channels, size, size], dy: [n, outChannels, size, size] };
    const shape = [outChannels, channels, 3, 3];
    const ways = [true, false].flatMap((folded) =>
      [true, false].flatMap((a) => [true, false].map((b) => ({ onX: [a, b], folded }))),
    );
    const alternatives = { slices: (m) => bySlices(context(m, inputs, attrs), shape, window, 1) };
    const copies = way(arrangement(inputs.x, outChannels, window.kernel));
    for (const w of ways.filter((w) => options.all || way(w) === copies))
      alternatives[way(w)] = (m) => byFlatShifts(context(m, inputs, attrs), shape, window, w);
    for (const image of ['x', 'dy']) {
      for (const grouped of [true, false]) {
        const w = { image, grouped };
        alternatives[exchanged(w)] = (m) => byExchange(context(m, inputs, attrs), shape, window, w);
      }
    }
    const best = exchange(inputs.x, inputs.dy, window);
    const chosen = best ? exchanged(best) : copies;
    await compare(`${n} x ${channels} -> ${outChannels} at ${size}`, inputs, 4, alternatives, chosen);
  }
}

async function reluGradients() {
  console.log('relu_grad: ways to multiply dy by whether y > 0');
  for (const shape of [
    [4, 16, 128, 128],
    [4, 64, 32, 32],
  ]) {
    const masked = (open) => (m) => m.node('Mul', ['dy', open(m)]);
    const greater = (m) => m.node('Greater', ['y', m.float(0)]);
    const alternatives = {
      hardsigmoid: masked((m) => m.node('HardSigmoid', ['y'], { alpha: { float: 3e38 }, beta: { float: 0 } })),
      sign: masked((m) => m.node('Sign', [m.node('Relu', ['y'])])),
      cast: masked((m) => m.node('Cast', [greater(m)], { to: 1 })),
      where: (m) => m.node('Where', [greater(m), 'dy', m.float(0)]),
    };
    await compare(shape.join(' x '), { dy: shape, y: shape }, 4, alternatives, 'hardsigmoid');
  }
}

/** Convolutions with weights that are inputs: plain, and in blocks with all reordering, where this machine has such kernels. */
async function convolutions() {
  const block = await blockSize();
  if (block === 0) return console.log('conv: this machine has no blocked kernels');
  console.log('conv, 3x3, N x C -> O at size, and its input gradient; then 4x4 transposed by 2');
  const attrs = { kernel: 3, stride: 1, padding: 'same', dilation: 1 };
  const window = resolveWindow(attrs, 2);
  const shapes = [
    [2, 32, 32, 256],
    [2, 64, 64, 128],
    [2, 256, 128, 64],
    [2, 256, 256, 32],
    [2, 512, 512, 16],
    [4, 16, 16, 128],
    [4, 48, 16, 128],
    [4, 32, 32, 64],
    [4, 64, 64, 32],
    [4, 128, 128, 16],
  ];
  for (const [n, channels, filters, size] of shapes) {
    const sizes = { channels, filters, window, groups: 1, positions: n * size * size };
    const chosen = pays({ block }, sizes) ? 'blocked' : 'plain';
    const title = `${n} x ${channels} -> ${filters} at ${size}`;
    const inputs = { x: [n, channels, size, size], w: [filters, channels, 3, 3] };
    const forward = {
      plain: (m) => m.node('Conv', ['x', 'w'], windowAttributes(window)),
      blocked: (m) => {
        const to = context(m, inputs, attrs);
        return convolved(to, 'x', blockedFilters(to, 1), sizes);
      },
    };
    await compare(title, inputs, 4, forward, chosen, block);
    const backward = { dy: [n, filters, size, size], w: [filters, channels, 3, 3] };
    const input = { ...attrs, shape: inputs.x };
    const sum = { ...sizes, channels: filters, filters: channels };
    await compare(
      `${title}, gradient`,
      backward,
      4,
      {
        plain: (m) => convInputGrad(context(m, backward, input, inputs.x, true)),
        blocked: (m) => {
          const to = context(m, backward, input);
          return convolved(to, 'dy', blockedBackwards(to, 1), sum);
        },
      },
      chosen,
      block,
    );
  }
  for (const [n, channels, filters, size] of [
    [2, 64, 32, 128],
    [2, 512, 256, 16],
    [4, 32, 16, 64],
    [4, 128, 64, 16],
  ]) {
    const inputs = { x: [n, channels, size, size], w: [channels, filters, 4, 4] };
    const own = { kernel: 4, stride: 2, padding: 'same' };
    const transposed = resolveTransposeWindow(own, 2);
    const whole = [2 * size, 2 * size];
    const phased = (m) => byPhases(context(m, inputs, own), whole, transposed);
    const plainly = (m) => m.node('ConvTranspose', ['x', 'w'], windowAttributes(transposed));
    const ways = { plain: plainly, ...(n * 4 * size * size >= 2048 && { phases: phased }) };
    await compare(`${n} x ${channels} -> ${filters} to ${2 * size}`, inputs, 4, ways, 'phases', block);
  }
}

const sections = { filter: filterGradients, relu: reluGradients, conv: convolutions };
for (const [name, run] of Object.entries(sections)) if ((options.only ?? name) === name) await run();
