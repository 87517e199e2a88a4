import { type LowType, lowerPrecision } from '../../compiler/3-transform/precision.js';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { foldBatchNorm, type Graph, toHalf } from '../../compiler/index.js';
import type { OnnxEngine, Predictor, Tensor, TrainingEngine, Weights } from '../../runtime/engines/engine.js';
import { onnxRuntime, ort } from '../../runtime/engines/onnxruntime/index.js';
import type { OrtDevice } from '../../runtime/engines/onnxruntime/session.js';
import { openvino } from '../../runtime/engines/openvino/index.js';
import { tensorflow } from '../../runtime/engines/tensorflow/index.js';
import type { Device } from '../../runtime/engines/tensorflow/session.js';
import { hasFeature, readCpu } from '../../runtime/support/cpu.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { runOnnx } from '../onnx/run.js';
import { runOpenVino } from '../openvino/run.js';
import { oneOperator } from '../ops/build.js';
import { runTensorFlow } from '../tensorflow/run.js';
import { openWeb, webSession } from '../web/open.js';
import { chromiumHost } from './chromium.js';
import { onDirtyMemory } from './dirty.js';
import { chooseBackend } from './page.js';
import type { Arithmetic } from './rounding.js';
import { type Host, nodeHost, openGraphModel } from './tfjs.js';
import { whyNoWebGpu } from './vulkan.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** An engine that is there. */
export interface Opened {
  /** Runs a graph of any operators, whose sizes are numbers. @throws Refused */
  run(graph: Graph, feeds: Tensors): Promise<Tensors>;
  /** Opens a model as a user has it: one for every size. */
  model(graph: Graph, weights: Weights): Promise<Predictor>;
  /** Absent where it only answers. */
  readonly trainer?: TrainingEngine['trainer'];
}

export interface Lack {
  readonly what: string;
  /** The words it says so with. */
  readonly says?: RegExp;
  /** Or, where it says nothing and answers wrongly: the case and the answer, as a failed check would describe them. */
  readonly wrong?: RegExp;
  /** Seen with more cases than are usually tried (UNETC_CASES). */
  readonly rare?: boolean;
}

/** oneDNN computes in bf16 from AVX-512 on, and adds in single precision; elsewhere TensorFlow's own kernels do both in bf16. */
const cpuHasBf16 = hasFeature(await readCpu(), 'avx512f') !== false;

/** Engines that run in the process, and TensorFlow.js: two tables, tested side by side. */
export type Section = 'native' | 'tfjs';

/** What a precision other than fp32 computes in. */
export const lowTypes: Readonly<Record<Backend['precision'], LowType | undefined>> = {
  fp32: undefined,
  bf16: 'bf16',
  fp16: 'f16',
};

export interface Backend {
  readonly name: string;
  readonly section: Section;
  /** Answers in words why this machine doesn't have it. */
  open(): Promise<Opened | string>;
  readonly trains: boolean;
  readonly precision: 'fp32' | 'bf16' | 'fp16';
  /** What its answers may be off by; sums and stores follow from the precision alone (rounding.ts). */
  readonly arithmetic: Arithmetic;
  /** What it can't run, or runs wrongly. Checked: what it can do after all is a mistake here. */
  readonly lacks?: readonly Lack[];
  /** Share of the random cases, for the slow ones, which also see fewer networks. */
  readonly share?: number;
  /** Presets at every level and mode, not at the largest and the smallest alone. */
  readonly everySelection?: boolean;
}

/** ONNX Runtime 1.30's provider takes these nodes, and fails when it runs them, or answers something else (on SwiftShader). */
const webGpuAnswersLack: readonly Lack[] = [
  { what: 'grouped convolutions in 3-D', says: /Conv3D does not support grouped convolution/ },
  { what: 'transposed convolutions and input gradients in 3-D', says: /Only Conv2d or Conv1d are supported/ },
];
const webGpuLacks: readonly Lack[] = [
  ...webGpuAnswersLack,
  { what: 'the gradient of maxpool', says: /The Indices output is not supported yet/ },
  {
    what: 'wrong answers: input gradients of groups of one channel',
    wrong: /^conv(_input_grad)? \{.*"groups":[2-9].* of .*\[\d+,1,[\d,]+\].* (y0|dx0) is off by/,
  },
  {
    what: 'wrong answers: some convolutions of one channel in the gradient of conv_transpose',
    wrong: /^conv_transpose \{.* of \[[\d,]+\] \[\d+,1,[\d,]+\].* dx0 is off by/,
    rare: true,
  },
];

/** Refused by name when the model is built. */
const graphModelLacks: readonly Lack[] = [
  {
    what: 'transposed convolutions in 3-D, or with strides that differ',
    says: /takes (StridedSliceGrad|Conv3DBackpropInputV2), which it does not have/,
  },
];

const gpu = onnxRuntime('webgpu');

/**
 * Every engine and device the tests know: adding one is adding a row. `functions`, in unit roundoffs, is from what an engine's
 * authors say of their exp, tanh, erf and division:
 *   4   vectorized rational approximations of a few units in the last place (Eigen, oneDNN, MLAS, XNNPACK), of which one
 *       is two unit roundoffs; and, in TensorFlow.js, erf by Abramowitz and Stegun 7.1.26, within 1.5e-7, that is 2.5
 *   16  shaders: WGSL, "Floating point evaluation" allows exp(x) 3 + 2 |x| units in the last place, so 14 roundoffs at
 *       |x| = 2, and a division 2.5; GLSL says no more, and both run on the same drivers
 */
export const backends: readonly Backend[] = [
  onnx('cpu', { functions: 4 }),
  onnx('webgpu', { functions: 16 }, 0.4),
  onnxWeb(),
  inHalf('onnxruntime cpu fp16', { functions: 4 }, onnx('cpu', { functions: 4 }), ort.open),
  {
    ...inHalf(
      'onnxruntime webgpu fp16',
      { functions: 16, lowSums: true },
      onnx('webgpu', { functions: 16 }, 0.4),
      gpu.open,
    ),
    lacks: webGpuAnswersLack,
  },
  inHalf('onnxruntime-web wasm fp16', { functions: 4 }, onnxWeb(), openWeb),
  tf('cpu', 'fp32'),
  tf('cpu', 'bf16'),
  tf('gpu', 'fp32'),
  tf('gpu', 'bf16'),
  openVino(),
  tfjs('node', 'cpu', { functions: 4 }),
  tfjs('node', 'wasm', { functions: 4 }),
  tfjs('chromium', 'cpu', { functions: 4 }, 0.8),
  tfjs('chromium', 'wasm', { functions: 4 }, 0.8),
  tfjs('chromium', 'webgl', { functions: 16 }, 0.8),
  tfjs('chromium', 'webgpu', { functions: 16 }, 0.8),
];

function onnx(device: OrtDevice, arithmetic: Arithmetic, share?: number): Backend {
  const engine = onnxRuntime(device);
  return {
    name: `onnxruntime ${device}`,
    section: 'native',
    trains: true,
    precision: 'fp32',
    arithmetic,
    ...(share === undefined ? {} : { share }),
    ...(device === 'webgpu' ? { lacks: webGpuLacks } : {}),
    open: async () => {
      const why = device === 'webgpu' ? await whyNoWebGpu() : (await engine.status()).reason;
      return (
        why ?? {
          run: (graph, feeds) => runOnnx(graph, feeds, undefined, undefined, device),
          model: engine.predictor,
          trainer: engine.trainer,
        }
      );
    },
  };
}

/** The WebAssembly of onnxruntime-web, in this process, fed the files that `build` writes; it answers only. */
function onnxWeb(): Backend {
  return {
    name: 'onnxruntime-web wasm',
    section: 'native',
    trains: false,
    precision: 'fp32',
    arithmetic: { functions: 4 },
    everySelection: true,
    open: async () => ({
      run: (graph, feeds) => runOnnx(graph, feeds, undefined, webSession),
      model: (graph, weights) => {
        const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
        return openWeb(emitOnnx(folded.graph, { weights: folded.weights, name: 'test', metadata: {} }));
      },
    }),
  };
}

/** An engine fed the files of `build --precision fp16`. */
function inHalf(name: string, arithmetic: Arithmetic, like: Backend, open: OnnxEngine['open']): Backend {
  const model: Opened['model'] = (graph, weights) => {
    const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
    return open(emitOnnx(toHalf(folded.graph), { weights: folded.weights, name: 'test', metadata: {} }));
  };
  return {
    ...like,
    ...{ name, arithmetic, precision: 'fp16', trains: false },
    open: async () => {
      const opened = await like.open();
      if (typeof opened === 'string') return opened;
      const why = await whyNoHalf(opened.run);
      return why ?? { run: opened.run, model };
    },
  };
}

/** SwiftShader has no f16, and many a GPU. */
async function whyNoHalf(run: Opened['run']): Promise<string | undefined> {
  const one = tensor([1, 1, 1], [1]);
  const { graph, feeds } = oneOperator('conv', { attrs: { channels: 1, kernel: 1 }, inputs: [one, one] });
  return run(lowerPrecision(graph, 'f16'), feeds).then(
    () => undefined,
    (error: Error) => (/requires f16/.test(error.message) ? "the GPU's driver has no f16" : error.message),
  );
}

/** `tfjs` of the command line. */
function tf(device: Device, precision: 'fp32' | 'bf16'): Backend {
  const engine = tensorflow({ device, precision });
  return {
    name: `tensorflow ${device} ${precision}`,
    section: 'native',
    trains: true,
    precision,
    arithmetic: { functions: 4, lowSums: precision === 'bf16' && device === 'cpu' && !cpuHasBf16 },
    open: async () => {
      const { available, devices, reason } = await engine.status();
      if (!available) return reason ?? 'TensorFlow does not load';
      if (!devices.includes(device)) return 'TensorFlow finds no GPU';
      const opened: Opened = {
        run: (graph, feeds) => runTensorFlow(precision === 'bf16' ? lowerPrecision(graph) : graph, feeds, device),
        model: engine.predictor,
        trainer: engine.trainer,
      };
      return device === 'cpu' ? onDirtyMemory(opened, engine) : opened;
    },
  };
}

/** On the CPU; it answers only. */
function openVino(): Backend {
  const engine = openvino();
  return {
    name: 'openvino cpu',
    section: 'native',
    trains: false,
    precision: 'fp32',
    arithmetic: { functions: 4 },
    everySelection: true,
    open: async () => (await engine.status()).reason ?? { run: runOpenVino, model: engine.predictor },
  };
}

/** A tf.GraphModel, in this process or on a page. */
function tfjs(place: 'node' | 'chromium', device: string, arithmetic: Arithmetic, share?: number): Backend {
  return {
    name: `tfjs graph model, ${place} ${device}`,
    section: 'tfjs',
    trains: false,
    precision: 'fp32',
    arithmetic,
    ...(share === undefined ? {} : { share }),
    lacks: graphModelLacks,
    everySelection: place === 'node',
    open: async () => {
      const host = place === 'node' ? await nodeHost() : await chromiumHost();
      if (typeof host === 'string') return host;
      const chosen = await host.call(chooseBackend, { name: device }).catch((error: Error) => error.message);
      if (chosen !== true) return `TensorFlow.js has no ${device} here${chosen === false ? '' : `: ${chosen}`}`;
      return {
        run: async (graph, feeds) => {
          await host.call(chooseBackend, { name: device });
          const model = await openGraphModel(host, graph);
          const answers = await model.run(feeds).finally(model.close);
          return answers;
        },
        model: (graph, weights) => graphModelPredictor(host, device, graph, weights),
      };
    },
  };
}

/** As `build --target tfjs` writes it: batch norms folded. */
async function graphModelPredictor(host: Host, device: string, graph: Graph, weights: Weights): Promise<Predictor> {
  await host.call(chooseBackend, { name: device });
  const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
  const model = await openGraphModel(host, folded.graph, folded.weights);
  const [input] = graph.inputs;
  return {
    run: async ({ data, shape }: Tensor) => {
      const answers = await model.run(new Map([[input!.name, tensor(shape, data)]]));
      return new Map([...answers].map(([name, t]) => [name, { data: Float32Array.from(t.data), shape: t.shape }]));
    },
    dispose: () => model.close(),
  };
}
