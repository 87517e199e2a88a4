import { createRequire } from 'node:module';
import type { Located } from '../native/library.js';
import { withPluginList } from './native/plugins.js';

/** A pointer of the C API; 0n is null. */
export type Pointer = bigint;

/**
 * The part of OpenVINO's C API (openvino/c/openvino.h) that a prediction needs, called through koffi: no compiler and no addon
 * of our own. What `new…`, `readModel`, `compile` and `output` answer, the caller frees by the function of its kind; texts are
 * copied, and freed here. Every function throws an OpenVinoError, with OpenVINO's own words, where it is refused.
 */
export interface CApi {
  /** `2026.4.1` */
  version(): string;
  newCore(): Pointer;
  /** `CPU`, `GPU.0` */
  devices(core: Pointer): string[];
  property(core: Pointer, device: string, key: string): string;
  readModel(core: Pointer, onnx: Uint8Array): Pointer;
  freeModel(model: Pointer): void;
  compile(core: Pointer, model: Pointer, device: string, settings: Readonly<Record<string, string>>): Pointer;
  freeCompiled(compiled: Pointer): void;
  /** How many inputs or outputs a compiled model has; they are in the order of its ONNX. */
  count(compiled: Pointer, of: 'inputs' | 'outputs'): number;
  newRequest(compiled: Pointer): Pointer;
  freeRequest(request: Pointer): void;
  setInput(request: Pointer, index: number, tensor: Pointer): void;
  /** On a thread of its own: the event loop goes on meanwhile. */
  infer(request: Pointer): Promise<void>;
  output(request: Pointer, index: number): Pointer;
  /** A tensor of floats with whatever was in its memory. */
  newTensor(shape: readonly number[]): Pointer;
  freeTensor(tensor: Pointer): void;
  shape(tensor: Pointer): number[];
  /** The floats of a tensor, not copied: gone when it is freed. */
  floats(tensor: Pointer): Float32Array;
}

/** OpenVINO refused. */
export class OpenVinoError extends Error {
  override readonly name = 'OpenVinoError';
}

/** Every one answers a status, and writes what it makes where its last pointer points to. */
const signatures = {
  version: 'int ov_get_openvino_version(void *version)',
  createCore: 'int ov_core_create_with_config(const char *plugins, void *core)',
  devices: 'int ov_core_get_available_devices(void *core, void *devices)',
  property: 'int ov_core_get_property(void *core, const char *device, const char *key, void *value)',
  read: 'int ov_core_read_model_from_memory_buffer(void *core, const void *model, size_t length, void *weights, void *out)',
  compile: 'int ov_core_compile_model(void *core, void *model, const char *device, size_t count, void *compiled, ...)',
  inputCount: 'int ov_compiled_model_inputs_size(void *compiled, void *size)',
  outputCount: 'int ov_compiled_model_outputs_size(void *compiled, void *size)',
  createRequest: 'int ov_compiled_model_create_infer_request(void *compiled, void *request)',
  setInput: 'int ov_infer_request_set_input_tensor_by_index(void *request, size_t index, void *tensor)',
  infer: 'int ov_infer_request_infer(void *request)',
  getOutput: 'int ov_infer_request_get_output_tensor_by_index(void *request, size_t index, void *tensor)',
  data: 'int ov_tensor_data(void *tensor, void *data)',
  bytes: 'int ov_tensor_get_byte_size(void *tensor, void *size)',
  elementType: 'int ov_tensor_get_element_type(void *tensor, void *type)',
  shape: 'int ov_tensor_get_shape(void *tensor, void *shape)',
} as const;

const frees = {
  text: 'void ov_free(void *content)',
  version: 'void ov_version_free(void *version)',
  devices: 'void ov_available_devices_free(void *devices)',
  model: 'void ov_model_free(void *model)',
  compiled: 'void ov_compiled_model_free(void *compiled)',
  request: 'void ov_infer_request_free(void *request)',
  tensor: 'void ov_tensor_free(void *tensor)',
  shape: 'int ov_shape_free(void *shape)',
} as const;

/** The number of f32 in `ov_element_type_e`. */
const float = 4;

/** INVALID_C_PARAM of `ov_status_e`. */
const invalidParameter = -14;

type Call = ((...args: unknown[]) => number) & { async(...args: unknown[]): void };

/**
 * Loads OpenVINO into this process, for good: it can't be unloaded.
 * @throws Error with the loader's words, or with the function that the library lacks
 */
export function loadOpenVino({ library, preload }: Pick<Located, 'library' | 'preload'>): CApi {
  // Not an import: its native part is for one platform, and only this engine needs it.
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  for (const path of preload) koffi.load(path);
  const c = koffi.load(library);
  const declared = <Name extends string>(texts: Readonly<Record<Name, string>>) =>
    Object.fromEntries(Object.entries<string>(texts).map(([name, text]) => [name, c.func(text)])) as unknown as Record<
      Name,
      Call
    >;
  const native = declared(signatures);
  const free = declared(frees);
  const lastError = c.func('void *ov_get_last_err_msg()') as unknown as () => Pointer | null;
  const shapeType = koffi.struct({ rank: 'int64_t', dims: 'void *' });
  const createTensor = c.func('ov_tensor_create', 'int', ['int', shapeType, 'void *']) as unknown as Call;

  const copied = (text: Pointer): string => koffi.decode(text, 'char', -1) as string;
  const view = (pointer: Pointer, bytes: number): ArrayBuffer => koffi.view(pointer, bytes);

  function check(status: number): void {
    if (status === 0) return;
    const text = lastError();
    const words = text ? copied(text) : `OpenVINO answers status ${status}`;
    if (text) free.text(text);
    throw new OpenVinoError(words);
  }
  /** What a call writes to its last argument: a pointer or a size. */
  function made(call: Call, ...args: unknown[]): Pointer {
    const out = new BigUint64Array(1);
    check(call(...args, out));
    return out[0] as Pointer;
  }
  /** Texts of a list of pointers to them. */
  const texts = (list: Pointer, count: number): string[] =>
    count === 0 ? [] : Array.from(new BigUint64Array(view(list, 8 * count)), copied);

  return {
    version() {
      const about = new BigUint64Array(2);
      check(native.version(about));
      const text = copied(about[0] as Pointer);
      free.version(about);
      return text.split('-')[0] as string;
    },
    newCore: () => withPluginList(library, (list) => made(native.createCore, list)),
    devices(core) {
      const list = new BigUint64Array(2);
      check(native.devices(core, list));
      const names = texts(list[0] as Pointer, Number(list[1]));
      free.devices(list);
      return names;
    },
    property(core, device, key) {
      const value = made(native.property, core, device, key);
      const text = copied(value);
      free.text(value);
      return text;
    },
    readModel: (core, onnx) => made(native.read, core, onnx, onnx.length, null),
    freeModel: (model) => void free.model(model),
    compile(core, model, device, settings) {
      const told = Object.entries(settings).flat();
      const out = new BigUint64Array(1);
      check(native.compile(core, model, device, told.length, out, ...told.flatMap((text) => ['str', text])));
      return out[0] as Pointer;
    },
    freeCompiled: (compiled) => void free.compiled(compiled),
    count: (compiled, of) => Number(made(of === 'inputs' ? native.inputCount : native.outputCount, compiled)),
    newRequest: (compiled) => made(native.createRequest, compiled),
    freeRequest: (request) => void free.request(request),
    setInput: (request, index, tensor) => check(native.setInput(request, index, tensor)),
    infer: (request) =>
      new Promise((resolve, reject) => {
        native.infer.async(request, (error: unknown, status: number) => {
          try {
            if (error) throw error;
            resolve(check(status));
          } catch (refused) {
            reject(refused);
          }
        });
      }),
    output: (request, index) => made(native.getOutput, request, index),
    newTensor(shape) {
      const dims = BigInt64Array.from(shape, BigInt);
      return made(createTensor, float, { rank: shape.length, dims });
    },
    freeTensor: (tensor) => void free.tensor(tensor),
    shape(tensor) {
      const found = new BigInt64Array(2);
      const status = native.shape(tensor, found);
      // A shape of no sizes is none to `ov_shape_create`, through which this goes.
      if (status === invalidParameter) return [];
      check(status);
      const rank = Number(found[0]);
      const sizes = Array.from(new BigInt64Array(view(BigInt(found[1] as bigint), 8 * rank)), Number);
      free.shape(found);
      return sizes;
    },
    floats(tensor) {
      const type = new Int32Array(1);
      check(native.elementType(tensor, type));
      if (type[0] !== float) throw new OpenVinoError(`a tensor of element type ${type[0]} where floats are due`);
      const bytes = Number(made(native.bytes, tensor));
      return bytes === 0 ? new Float32Array() : new Float32Array(view(made(native.data, tensor), bytes));
    },
  };
}
