import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { lowerPrecision } from '../../compiler/3-transform/precision.js';
import { deploy, type Graph, type Network } from '../../compiler/index.js';
import type { Tensor, Weights } from '../../runtime/engine.js';
import { networkShapes, nthSizes } from '../../testing/arbitraries.js';
import { specText } from '../../testing/network-shape.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { recordedJson } from '../parity/recorded.js';
import { anyWeights, networkOf, picture } from '../tfjs-layers/builds.js';
import type { Backend } from './engines.js';
import { type Bounds, boundsOf, running } from './rounding.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** Of a model of up to some hundred nodes the roundings are drawn this often. */
const draws = 2;

export interface Preset {
  readonly name: string;
  readonly network: Network;
  readonly weights: Weights;
  /** Two sizes and two batches. */
  readonly images: readonly Tensor[];
}

/** Widths of a few channels: what differs between sizes of a network is how long it takes. */
const small = recordedJson<Record<string, { readonly set: Readonly<Record<string, string>> }>>('presets.json');

export const presets: readonly Preset[] = readdirSync('specs')
  .filter((file) => file.endsWith('.unet'))
  .sort()
  .map((file) => {
    const name = file.replace('.unet', '');
    const network = networkOf(readFileSync(`specs/${file}`, 'utf8'), small[name]?.set);
    return { name, network, weights: anyWeights(network, 1), images: imagesOf(network, 7) };
  });

/** Two sizes and two batches that the network takes. */
function imagesOf(network: Network, seed: number): Tensor[] {
  const dims = network.graph.inputs[0]!.value.type.shape;
  return [nthSizes(network, 1, [0, 1, 0]), nthSizes(network, 2, [0, 0, 0])].map((sizes) =>
    picture(
      dims.map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] as number))),
      seed,
    ),
  );
}

/** Networks over signals and volumes: what the presets are not. Volumes have no transposed convolution in TensorFlow.js. */
export const randomNetworks: readonly Preset[] = fc
  .sample(
    networkShapes({ depth: 2, channels: 3 }).filter(({ rank, up }) => rank !== 2 && up !== 'conv_transpose'),
    { numRuns: 6, seed: 4 },
  )
  .map((shape, k) => {
    const network = networkOf(specText(shape));
    const images = imagesOf(network, k);
    return { name: `${shape.rank}-D ${k + 1}`, network, weights: anyWeights(network, k), images };
  });

export interface Selection {
  readonly level: number;
  readonly mode: string;
}

export const everySelection = ({ levels, modes }: Network): Selection[] =>
  levels.flatMap((level) => [...modes, 'all'].map((mode) => ({ level, mode })));

/** The whole network with every head, and the smallest. */
export const fewSelections = ({ levels, modes }: Network): Selection[] => [
  { level: levels.at(-1) as number, mode: 'all' },
  { level: levels[0] as number, mode: modes[0] as string },
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

const judged = new Map<string, { readonly due: Tensors; readonly bounds: Bounds }>();

/** What every selection has to answer to image k. Pruning is exact, so one run of the whole network says it for all. */
export function judge(preset: Preset, k: number, { precision, arithmetic }: Backend) {
  const key = `${preset.name} ${k} ${precision} ${arithmetic.functions}`;
  const before = judged.get(key);
  if (before) return before;
  const graph = whole(preset.network);
  const image = preset.images[k] as Tensor;
  const feeds = new Map<string, Float64Tensor>([
    ...[...preset.weights].map(([path, t]) => [path, tensor(t.shape, t.data)] as const),
    [graph.inputs[0]!.name, tensor(image.shape, image.data)],
  ]);
  const due = evaluate(graph, feeds);
  const run = precision === 'bf16' ? lowerPrecision(graph) : graph;
  const made = { due, bounds: boundsOf(due, running(run, feeds), arithmetic, draws) };
  judged.set(key, made);
  return made;
}
