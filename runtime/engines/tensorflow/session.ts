import { availableParallelism } from 'node:os';
import { create, integer, message, tag, text, varint } from '../../../compiler/5-emit/protobuf.js';
import { elementType, type TfTensor } from '../../../compiler/5-emit/tensorflow/node.js';
import type { Tensor } from '../engine.js';
import type { CApi, Pointer } from './c-api.js';

/** What goes into a graph: floats, or whole numbers where a placeholder is int64; or how to write floats where they go. */
export interface Fed {
  readonly data: Float32Array | BigInt64Array | ((into: Float32Array) => void);
  readonly shape: readonly number[];
}

export type Device = 'cpu' | 'gpu';

export interface TensorFlowOptions {
  readonly device: Device;
  /** bf16: images between convolutions; parameters, state and losses stay in f32 (`lowerPrecision`). */
  readonly precision: 'fp32' | 'bf16';
}

/** RewriterConfig.Toggle. */
const off = 2;

/** tensorflow.ConfigProto (tensorflow/core/protobuf/config.proto). */
function config(device: Device): Uint8Array {
  const w = create();
  if (device === 'cpu') {
    message(w, 1, () => {
      text(w, 1, 'GPU');
      integer(w, 2, 0);
    });
  }
  // Each operator on every core, and two at a time: small ones fill the gaps between large ones (docs/measurements.md).
  integer(w, 2, availableParallelism());
  integer(w, 5, 2);
  // TensorFlow would write sums as AddN, whose order is not always the same (lowerings/elementwise.ts, `total`).
  message(w, 10, () => message(w, 10, () => integer(w, 7, off)));
  if (device === 'gpu') message(w, 6, () => tag(w, 4, varint).bool(true));
  tag(w, 7, varint).bool(true);
  return w.finish();
}

/** A graph in TensorFlow's executor, with the variables it keeps. Calls may not overlap. */
export class TfSession {
  readonly #api: CApi;
  readonly #graph: Pointer;
  readonly #session: Pointer;
  readonly #operations = new Map<string, Pointer>();

  /** Throws with TensorFlow's own words if the graph is none it can run. */
  constructor(api: CApi, graphDef: Uint8Array, device: Device) {
    this.#api = api;
    this.#graph = api.newGraph();
    const buffer = api.newBuffer(graphDef, graphDef.length);
    const importing = api.newImportOptions();
    const options = api.newSessionOptions();
    try {
      this.#checked((status) => api.importGraphDef(this.#graph, buffer, importing, status));
      const proto = config(device);
      this.#checked((status) => api.setConfig(options, proto, proto.length, status));
      this.#session = this.#checked((status) => api.newSession(this.#graph, options, status));
    } finally {
      api.deleteSessionOptions(options);
      api.deleteImportOptions(importing);
      api.deleteBuffer(buffer);
    }
  }

  /** Feeds tensors by the nodes that take them, and answers the fetched ones in order, each a copy. */
  async run(feeds: readonly (readonly [TfTensor, Fed])[], fetches: readonly TfTensor[]): Promise<Tensor[]> {
    const api = this.#api;
    const inputs = this.#outputs(feeds.map(([to]) => to));
    const given = BigUint64Array.from(feeds, ([, fed]) => this.#tensor(fed));
    const outputs = this.#outputs(fetches);
    const found = new BigUint64Array(fetches.length);
    const status = api.newStatus();
    try {
      await api.run(this.#session, inputs, given, outputs, found, status);
      this.#raise(status);
      return Array.from(found, (tensor) => this.#read(tensor));
    } finally {
      for (const tensor of [...given, ...found]) if (tensor !== 0n) api.deleteTensor(tensor);
      api.deleteStatus(status);
    }
  }

  /** Types of the devices it may use: `cpu`, `gpu`. */
  devices(): string[] {
    const api = this.#api;
    const list = this.#checked((status) => api.listDevices(this.#session, status));
    const types = Array.from({ length: api.deviceCount(list) }, (_, k) =>
      this.#checked((status) => api.deviceType(list, k, status)),
    );
    api.deleteDeviceList(list);
    return [...new Set(types.map((type) => type.toLowerCase()))];
  }

  dispose(): void {
    this.#checked((status) => this.#api.closeSession(this.#session, status));
    this.#checked((status) => this.#api.deleteSession(this.#session, status));
    this.#api.deleteGraph(this.#graph);
  }

  /** TF_Output structures: an operation, then an index and padding. */
  #outputs(tensors: readonly TfTensor[]): BigUint64Array {
    return BigUint64Array.from(
      tensors.flatMap(({ name }) => {
        const [node = name, index = '0'] = name.split(':');
        return [this.#operation(node), BigInt(index)];
      }),
    );
  }

  #operation(name: string): Pointer {
    const before = this.#operations.get(name);
    if (before !== undefined) return before;
    const operation = this.#api.operation(this.#graph, name);
    if (operation === null) throw new Error(`the graph has no node ${name}`);
    this.#operations.set(name, operation);
    return operation;
  }

  #tensor({ data, shape }: Fed): Pointer {
    const type = data instanceof BigInt64Array ? elementType.int64 : elementType.float;
    const bytes = shape.reduce((a, b) => a * b, 1) * (type === elementType.int64 ? 8 : 4);
    const tensor = this.#api.newTensor(type, BigInt64Array.from(shape, BigInt), shape.length, bytes);
    const memory = this.#api.view(this.#api.tensorData(tensor), bytes);
    if (typeof data === 'function') data(new Float32Array(memory));
    else new Uint8Array(memory).set(new Uint8Array(data.buffer, data.byteOffset, bytes));
    return tensor;
  }

  #read(tensor: Pointer): Tensor {
    const api = this.#api;
    const shape = Array.from({ length: api.rank(tensor) }, (_, axis) => Number(api.size(tensor, axis)));
    const bytes = Number(api.tensorBytes(tensor));
    if (bytes === 0) return { data: new Float32Array(), shape };
    return { data: new Float32Array(api.view(api.tensorData(tensor), bytes)).slice(), shape };
  }

  #checked<Result>(call: (status: Pointer) => Result): Result {
    const status = this.#api.newStatus();
    try {
      const result = call(status);
      this.#raise(status);
      return result;
    } finally {
      this.#api.deleteStatus(status);
    }
  }

  #raise(status: Pointer): void {
    if (this.#api.code(status) !== 0) throw new Error(`TensorFlow: ${this.#api.message(status)}`);
  }
}

/** What TensorFlow finds on this machine. */
export function devicesOf(api: CApi): string[] {
  const session = new TfSession(api, new Uint8Array(), 'gpu');
  try {
    return session.devices().filter((type) => type === 'cpu' || type === 'gpu');
  } finally {
    session.dispose();
  }
}
