import { cutWeights } from '../tfjs-files.js';
import type { Layer } from './layer-builder.js';

export interface ModelContent {
  readonly name: string;
  /** Who wrote it, `unetc 0.1.0`. */
  readonly generatedBy: string;
  readonly layers: readonly Layer[];
  /** Names of the layers that are the model's inputs and outputs, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The files of a TensorFlow.js layers model by name: `model.json` (Keras' functional topology, the weights manifest, the
 * metadata) and the weights, float32 little-endian one after another, cut into `group1-shard1of2.bin`, ...
 */
export function modelFiles(content: ModelContent): Map<string, Uint8Array> {
  const weights = content.layers.flatMap((layer) =>
    layer.weights.map((w) => ({ ...w, name: `${layer.name}/${w.name}` })),
  );
  const { paths, files } = cutWeights(
    weights.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
  const manifest = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const model = {
    format: 'layers-model',
    generatedBy: content.generatedBy,
    convertedBy: null,
    modelTopology: topology(content),
    weightsManifest: weights.length === 0 ? [] : [{ paths, weights: manifest }],
    userDefinedMetadata: content.metadata,
  };
  return new Map([['model.json', new TextEncoder().encode(JSON.stringify(model))], ...files]);
}

function topology({ name, layers, inputs, outputs }: ModelContent) {
  const tensor = (layer: string) => [layer, 0, 0];
  return {
    class_name: 'Model',
    config: {
      name,
      layers: layers.map((layer) => ({
        name: layer.name,
        class_name: layer.className,
        config: { name: layer.name, ...layer.config },
        inbound_nodes: layer.inputs.length === 0 ? [] : [layer.inputs.map((input) => [...tensor(input), {}])],
      })),
      input_layers: inputs.map(tensor),
      output_layers: outputs.map(tensor),
    },
  };
}
