import type { Diagnostic, Said, Span } from '../../../grammar/diagnostic.js';
import { say } from '../../../grammar/say.js';
import { decompose } from '../../3-transform/decompose.js';
import { type Code, diagnose } from '../../diagnostics/index.js';
import { tensorInputs } from '../../ir/builder.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import { primitiveName } from '../../ops/index.js';
import { LayerBuilder } from './layer-builder.js';
import { LoweringContext } from './lowering.js';
import { lowerings } from './lowerings/index.js';
import { layerShape } from './lowerings/layout.js';
import { modelFiles } from './model-files.js';

export interface TfjsLayersOptions {
  /** By parameter path, row-major, in the IR's layout. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The model's name. */
  readonly name: string;
  /** Who writes it, `unetc 0.1.0`. */
  readonly generatedBy: string;
  /** Becomes the model's userDefinedMetadata, and `unetc.outputs` with it: which layer is which output. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Images in a batch; null: any number. */
  readonly batch: number | null;
}

/** `files` is null where something can't be expressed; `diagnostics` says what, and what is unsuitable for training. */
export interface TfjsLayersModel {
  readonly files: ReadonlyMap<string, Uint8Array> | null;
  /** How many layers there are. */
  readonly layers: number;
  /** Names of the layers that are the outputs, in the graph's order. */
  readonly outputs: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A tf.LayersModel of layers that TensorFlow.js has (4.22), for `tf.loadLayersModel`: the files by name, `model.json` first.
 * Layers are named by path (`layerName`), tensors are channels last, spatial sizes that are not numbers stay open. Batch norm
 * and dropout are layers as in the spec, so the model can be trained on. The same graph gives the same bytes.
 *
 * A node that no stock layer expresses exactly is refused with its place, all of them at once. Throws if a parameter has no
 * weights, or of another length: callers check files before.
 */
export function emitTfjsLayers(given: Graph, options: TfjsLayersOptions): TfjsLayersModel {
  const graph = decompose(given);
  const builder = new LayerBuilder();
  const names = new Map<number, string>();
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((v) => [v.id, node] as const)));
  const remarks = new Remarks();
  const nameOf = (value: Value): string => {
    const name = names.get(value.id);
    if (name === undefined) throw new Error(`value ${value.id} (${value.origin.path}) is used before it is defined`);
    return name;
  };

  const inputs = graph.inputs.map(({ name, value }) => {
    const layer = builder.add(name, 'InputLayer', [], {
      batch_input_shape: [options.batch, ...layerShape(value).map((n) => (n < 0 ? null : n))],
      dtype: 'float32',
    });
    names.set(value.id, layer);
    return layer;
  });
  for (const node of graph.nodes) {
    const tensors = tensorInputs(node.op, node.inputs).map(nameOf);
    const around = {
      builder,
      weights: options.weights,
      producer: (value: Value) => producers.get(value.id),
      warn: (at: Node, message: string, hint: string) => remarks.add('notTrainableInTarget', at, message, [hint]),
    };
    const said = lowerings[primitiveName(node.op)](new LoweringContext(node, tensors, around));
    if (typeof said !== 'string') {
      const hints = [...(said.hint === undefined ? [] : [said.hint]), 'other targets say it: --target tfjs or onnx'];
      remarks.add('notInTarget', node, said.why, hints);
    }
    // A node that can't be expressed is treated as the identity, so that the rest is checked too.
    names.set((node.outputs[0] as Value).id, typeof said === 'string' ? said : (tensors[0] as string));
  }
  const diagnostics = remarks.list();
  if (diagnostics.some((d) => d.severity === 'error')) return { files: null, layers: 0, outputs: [], diagnostics };

  const outputs = nameOutputs(graph, builder, nameOf, inputs);
  const pairs = graph.outputs.map(({ name }, k) => ({ name, layer: outputs[k] }));
  const metadata = { ...options.metadata, 'unetc.outputs': JSON.stringify(pairs) };
  const { name, generatedBy } = options;
  const files = modelFiles({ name, generatedBy, layers: builder.layers, inputs, outputs, metadata });
  return { files, layers: builder.layers.length, outputs, diagnostics };
}

/** A layer can be one output of a model, and an input none: a second name for a tensor is a layer that copies it. */
function nameOutputs(
  graph: Graph,
  builder: LayerBuilder,
  nameOf: (value: Value) => string,
  inputs: readonly string[],
): string[] {
  const taken = new Set(inputs);
  return graph.outputs.map(({ name, value }) => {
    const layer = nameOf(value);
    if (!taken.has(layer)) {
      taken.add(layer);
      return layer;
    }
    return builder.add(name, 'Activation', [layer], { activation: 'linear' });
  });
}

/** Diagnostics of nodes. A block is called many times: a mistake at one place of the text is reported once. */
class Remarks {
  readonly #kept = new Map<
    string,
    {
      readonly told: (paths: string) => Said<Code>;
      readonly span: Span;
      readonly hints: readonly string[];
      readonly paths: string[];
    }
  >();

  add(kind: 'notInTarget' | 'notTrainableInTarget', { op, origin }: Node, why: string, hints: readonly string[]) {
    const key = `${kind}@${origin.span.file ?? ''}:${origin.span.start.offset}-${origin.span.end.offset}:${why}`;
    const before = this.#kept.get(key);
    if (before) before.paths.push(origin.path);
    else {
      const told = (paths: string): Said<Code> => say[kind].layers({ paths, op, why });
      this.#kept.set(key, { told, span: origin.span, hints, paths: [origin.path] });
    }
  }

  list(): Diagnostic[] {
    return [...this.#kept.values()]
      .map(({ told, span, hints, paths: [path = '', ...more] }) => {
        const others = more.length === 0 ? '' : ` and ${more.length} more`;
        return diagnose(told(`${path}${others}`), span, { hints });
      })
      .sort((a, b) => a.span.start.offset - b.span.start.offset);
  }
}

export { layerName } from './names.js';
