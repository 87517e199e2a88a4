import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { lowerPrecision } from '../../compiler/3-transform/precision.js';
import { deploy, foldBatchNorm, type Graph, knownShape, type Network } from '../../compiler/index.js';
import type { Tensor, Weights } from '../../runtime/engines/engine.js';
import { networkShapes, nthSizes } from '../../testing/arbitraries.js';
import { specText } from '../../testing/network-shape.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { anyWeights, narrow, networkOf, picture } from '../tfjs-layers/builds.js';
import { type Backend, lowTypes } from './engines.js';
import { type Bounds, boundsOf, finite, running } from './rounding.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** Once is enough for thousands of elements, of which the furthest counts. */
const draws = 1;

export interface Preset {
  readonly name: string;
  readonly network: Network;
  readonly weights: Weights;
  /** Beside them some under which no number passes 65504. */
  readonly calm: Weights;
  /** Two sizes and two batches. */
  readonly images: readonly Tensor[];
}

const presetOf = (name: string, network: Network, seed: number): Preset => {
  const dims = network.graph.inputs[0]!.value.type.shape;
  const images = [nthSizes(network, 1, [0, 1, 0]), nthSizes(network, 2, [0, 0, 0])].map((sizes) =>
    picture(
      dims.map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] as number))),
      seed,
    ),
  );
  return { name, network, weights: anyWeights(network, seed), calm: anyWeights(network, seed, 0), images };
};

export const presets: readonly Preset[] = readdirSync('specs')
  .sort()
  .map((file, k) => presetOf(file.replace('.unet', ''), narrow(readFileSync(`specs/${file}`, 'utf8')), k));

/** Networks over signals and volumes: what the presets are not. Volumes have no transposed convolution in TensorFlow.js. */
export const randomNetworks: readonly Preset[] = fc
  .sample(
    networkShapes({ depth: 2, channels: 3 }).filter(
      ({ rank, up, block }) => rank !== 2 && up !== 'conv_transpose' && block.kernel === 3,
    ),
    { ...cases(6), seed: 4 },
  )
  .map((shape, k) => presetOf(`${shape.rank}-D ${k + 1}`, networkOf(specText(shape)), k));

export interface Selection {
  readonly level: number;
  readonly mode: string;
}

export const everySelection = ({ levels, modeOutputs }: Network): Selection[] => [
  ...modeOutputs.map(({ level, mode }) => ({ level, mode })),
  ...levels.map((level) => ({ level, mode: 'all' })),
];

/** The whole network with every head, and the smallest. */
export const fewSelections = ({ levels, modeOutputs }: Network): Selection[] => [
  { level: levels.at(-1) as number, mode: 'all' },
  ...modeOutputs.slice(0, 1).map(({ level, mode }) => ({ level, mode })),
];

/** The network with all that any selection of it answers, by names that tell them apart. */
function whole(network: Network): Graph {
  const outputs = [
    ...network.heads.map(({ name, value }) => ({ name, value })),
    ...network.modeOutputs.map(({ level, mode, value }) => ({ name: `${mode} at L${level}`, value })),
  ];
  return { ...network.graph, outputs };
}

/** What an output of a selection is called in `whole`. */
export function nameInWhole(network: Network, { level, mode }: Selection, output: string): string {
  if (output !== network.outputName) return output;
  return `${mode === 'all' ? network.modes[0] : mode} at L${level}`;
}

export const selected = ({ network }: Preset, selection: Selection): Graph => deploy(network, selection);

export const weightsFor = ({ weights, calm }: Preset, precision: Backend['precision']): Weights =>
  precision === 'fp16' ? calm : weights;

/** All that is answered. In fp16 as it is in a file, with the batch norms folded: what is rounded there are the products. */
function judgedGraph(preset: Preset, precision: Backend['precision']) {
  const { network } = preset;
  const weights = weightsFor(preset, precision);
  const arrays = new Map([...weights].map(([path, t]) => [path, t.data]));
  return precision === 'fp16' ? foldBatchNorm(whole(network), arrays) : { graph: whole(network), weights: arrays };
}

const judged = new Map<string, { readonly due: Tensors; readonly bounds: Bounds }>();

/** What every selection has to answer to image k. Pruning is exact, so one run of the whole network says it for all. */
export function judge(preset: Preset, k: number, { precision, arithmetic }: Backend) {
  const key = `${preset.name} ${k} ${precision} ${arithmetic.functions}`;
  const before = judged.get(key);
  if (before) return before;
  const { graph, weights } = judgedGraph(preset, precision);
  const image = preset.images[k] as Tensor;
  const feeds = new Map<string, Float64Tensor>([
    ...graph.params.map((p) => [p.origin.path, tensor(knownShape(p.type.shape), weights.get(p.origin.path)!)] as const),
    [graph.inputs[0]!.name, tensor(image.shape, image.data)],
  ]);
  const due = evaluate(graph, feeds);
  const low = lowTypes[precision];
  const run = low ? lowerPrecision(graph, low) : graph;
  const made = { due, bounds: finite(boundsOf(due, running(run, feeds), arithmetic, draws)) };
  judged.set(key, made);
  return made;
}
