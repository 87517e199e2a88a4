import { emitTfjsLayers, type TfjsLayersModel } from '../../compiler/5-emit/tfjs-layers/index.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import { deploy, load, type Network, specializeGraph } from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import type { Tensor, Weights } from '../../runtime/engines/engine.js';

/**
 * Initial weights are too plain to tell a mean from a variance: every one of them at random, variances positive.
 * @param more what filters may get beside what they are drawn as; answers of deep networks grow with it from layer to layer
 */
export function anyWeights(network: Network, seed: number, more = 0.25): Weights {
  const random = stream(seed, 'any weights');
  const drawn = initialWeights(network.graph.params, seed);
  for (const [path, { data }] of drawn) {
    const spread = data.every((w) => w === data[0]) ? 0.25 : more;
    for (let k = 0; k < data.length; k++) {
      const v = random.uniform(-0.5, 0.5);
      data[k] = path.endsWith('running_var') ? 1 + v : path.endsWith('weight') ? (data[k] as number) + v * spread : v;
    }
  }
  return drawn;
}

export interface Built {
  readonly network: Network;
  readonly weights: Weights;
  readonly model: TfjsLayersModel;
}

/** A spec, level and mode as layers; `sizes` fixes what the spec leaves open. */
export function build(
  network: Network,
  selection: { readonly level?: number; readonly mode?: string },
  { seed = 1, sizes }: { readonly seed?: number; readonly sizes?: Readonly<Record<string, number>> } = {},
): Built {
  const weights = anyWeights(network, seed);
  const deployed = deploy(network, selection, { keepDropout: true });
  const model = emitTfjsLayers(sizes ? specializeGraph(deployed, { N: 1, ...sizes }) : deployed, {
    weights: new Map([...weights].map(([path, t]) => [path, t.data])),
    name: network.name,
    generatedBy: 'test',
    metadata: { 'unetc.network': network.name },
    batch: null,
  });
  return { network, weights, model };
}

export function networkOf(text: string, set: Readonly<Record<string, string>> = {}): Network {
  const { network, diagnostics } = load(text, { set });
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return network;
}

/** Uniform in -1..1. */
export function picture(shape: readonly number[], seed: number): Tensor {
  const random = stream(seed, 'picture');
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-1, 1)) };
}

/** A network that does one thing to its input, of 4 channels. */
export const small = (body: string, space = 'H, W'): string =>
  `network Small {
  input image: f32[N, 4, ${space}]
  head S = ${body}
  output mask = S
}
`;

/** A spec with its lists of channels divided by as much as fits it. */
export function narrow(text: string): Network {
  const { params } = load(text);
  for (const by of [32, 16, 8, 4, 2]) {
    const less = (v: number): number => Math.max(2, Math.round(v / by));
    const set: Record<string, string> = {};
    for (const [name, value] of Object.entries(params)) {
      if (Array.isArray(value) && Math.max(...value) >= 16) set[name] = `[${value.map(less).join(', ')}]`;
    }
    const { network } = load(text, { set });
    if (network) return network;
  }
  throw new Error('no narrower network is right');
}
