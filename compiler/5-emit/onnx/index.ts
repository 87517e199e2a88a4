import { decompose } from '../../3-transform/decompose.js';
import { isNumber, knownShape, printDim } from '../../ir/dim.js';
import type { DType, Graph, NamedValue, Node, Value } from '../../ir/graph.js';
import { halfBits } from '../../ir/half.js';
import { primitiveName } from '../../ops/index.js';
import { bytesOf, numbersOf } from '../shared.js';
import { LoweringContext, type PoolIndices } from './lowering.js';
import { lowerings } from './lowerings/index.js';
import { type Device, ModelBuilder } from './model-builder.js';
import { encodeModel, type NodeProto, type TensorProto, type ValueInfoProto } from './schema.js';

export interface OnnxOptions {
  /** By parameter path, row-major. Parameters become initializers; without it they become inputs after the graph's own. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** The graph's name. */
  readonly name: string;
  /** Written as the model's metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whose kernels it should be fast with, `cpu` without; it is right on all. */
  readonly device?: Device;
  /**
   * Channels in a block of ONNX Runtime's blocked layout on this machine: its own operators are then used too, and the file runs nowhere else.
   * Without it, or 0: standard operators only.
   */
  readonly block?: number;
}

/**
 * An ONNX file (IR 8, opset 17, plain operators) that computes the graph. Inputs and outputs have the graph's names,
 * initializers the paths of parameters, nodes the paths of theirs. Dimensions that are not numbers stay open, by name, and the file
 * is right at every size that the network accepts; gradient operators need numbers. What lies between says its size in the same
 * words (`H/2`), which proves to a runtime that two values are of one size. The same graph gives the same bytes.
 *
 * Throws if a parameter has no weights, or of another length: callers check files before.
 */
export function emitOnnx(given: Graph, options: OnnxOptions): Uint8Array {
  const graph = decompose(given);
  const model = new ModelBuilder(options.device, options.block);
  const { weights } = options;
  const names = new Map<number, string>();
  for (const { name, value } of graph.inputs) {
    model.reserve(name);
    names.set(value.id, name);
  }
  for (const p of graph.params) {
    model.reserve(p.origin.path);
    names.set(p.id, p.origin.path);
    if (weights) addWeights(model, p, weights);
  }
  for (const { name } of graph.outputs) model.reserve(name);

  const pools: PoolIndices = { wanted: pooledForGradients(graph), names: new Map() };
  for (const node of graph.nodes) writeNode(node, names, model, pools);
  const nodes = nameOutputs(model, graph.outputs, names);

  const params = weights ? [] : graph.params.map((p) => ({ name: p.origin.path, value: p }));
  return encodeModel({
    irVersion: 8,
    opset: 17,
    producer: 'unetc',
    name: options.name,
    metadata: options.metadata,
    nodes,
    initializers: model.initializers,
    inputs: [...graph.inputs, ...params].map(valueInfo),
    outputs: graph.outputs.map(valueInfo),
    values: openValues(graph.nodes, nodes, names, graph.outputs),
  });
}

/** Writes one node; `names` gives what values are called, by id, and learns what its outputs are. */
export function writeNode(node: Node, names: Map<number, string>, model: ModelBuilder, pools: PoolIndices): void {
  model.at(node.origin.path);
  const inputs = node.inputs.map((v) => nameOf(names, v));
  const lowered = lowerings[primitiveName(node.op)](new LoweringContext(node, inputs, model, pools));
  const outputs = typeof lowered === 'string' ? [lowered] : lowered;
  node.outputs.forEach((v, k) => void names.set(v.id, outputs[k] as string));
}

export function nameOf(names: ReadonlyMap<number, string>, value: Value): string {
  const name = names.get(value.id);
  if (name === undefined) throw new Error(`value ${value.id} (${value.origin.path}) is used before it is defined`);
  return name;
}

export function addWeights(model: ModelBuilder, param: Value, weights: ReadonlyMap<string, Float32Array>): void {
  const numbers = numbersOf(param, weights);
  const dims = knownShape(param.type.shape);
  model.initializers.push({ name: param.origin.path, ...stored(param.type.dtype, numbers), dims });
}

/** Numbers as their type is written: floats, their halves, or integers that came as floats. */
function stored(dtype: DType, numbers: Float32Array): Pick<TensorProto, 'type' | 'raw'> {
  if (dtype === 'f16') return { type: 'float16', raw: bytesOf(halfBits(numbers)) };
  if (dtype === 'i8') return { type: 'int8', raw: bytesOf(Int8Array.from(numbers)) };
  if (dtype === 'i32') return { type: 'int32', raw: bytesOf(Int32Array.from(numbers)) };
  return { type: 'float', raw: bytesOf(numbers) };
}

/** Ids of the outputs of pools, where the graph also holds the pool's gradient. */
function pooledForGradients(graph: Graph): Set<number> {
  const differentiated = new Set(graph.nodes.filter((n) => n.op === 'maxpool_grad').map((n) => n.inputs[1]?.id));
  const pooled = graph.nodes.filter((n) => n.op === 'maxpool').map((n) => (n.outputs[0] as Value).id);
  return new Set(pooled.filter((id) => differentiated.has(id)));
}

/**
 * Renames what the nodes compute to the outputs' names. An input, a parameter, a constant or a second name for one value
 * is copied instead.
 */
function nameOutputs(
  model: ModelBuilder,
  outputs: readonly NamedValue[],
  names: ReadonlyMap<number, string>,
): NodeProto[] {
  const computed = new Set(model.nodes.flatMap((n) => n.outputs));
  const renamed = new Map<string, string>();
  for (const { name, value } of outputs) {
    const from = nameOf(names, value);
    if (computed.has(from) && !renamed.has(from)) renamed.set(from, name);
    else model.identity(from, name);
  }
  const rename = (name: string): string => renamed.get(name) ?? name;
  const touched = (n: NodeProto): boolean =>
    n.inputs.some((name) => renamed.has(name)) || n.outputs.some((name) => renamed.has(name));
  return model.nodes.map((n) =>
    touched(n) ? { ...n, inputs: n.inputs.map(rename), outputs: n.outputs.map(rename) } : n,
  );
}

/** The sizes of what nodes compute, where they are open: a runtime infers numbers by itself. `written`: the nodes in the file's graph. */
export function openValues(
  nodes: readonly Node[],
  written: readonly NodeProto[],
  names: ReadonlyMap<number, string>,
  outputs: readonly Pick<NamedValue, 'name'>[],
): ValueInfoProto[] {
  const left = new Set(written.flatMap((n) => n.outputs));
  for (const { name } of outputs) left.delete(name);
  const values = nodes.flatMap((n) => n.outputs).filter((v) => !v.type.shape.every(isNumber));
  return values.flatMap((value) => {
    const name = nameOf(names, value);
    // Two values may be one in the file, and an output has its own name.
    return left.delete(name) ? [valueInfo({ name, value })] : [];
  });
}

const elementOf = { f32: 'float', bf16: 'float', f16: 'float16', i64: 'int64', i8: 'int8', i32: 'int32' } as const;

export const valueInfo = ({ name, value }: NamedValue): ValueInfoProto => ({
  name,
  type: elementOf[value.type.dtype],
  dims: value.type.shape.map((d) => (isNumber(d) ? d.offset : printDim(d))),
});
