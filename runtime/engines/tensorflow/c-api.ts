import type { LoadedLibrary } from './native/load.js';

/** A pointer of the C API; 0n is null. */
export type Pointer = bigint;

/**
 * The part of TensorFlow's C API (tensorflow/c/c_api.h) that a session needs. Called through koffi: no compiler, no headers,
 * no addon of our own, and the same for every build of TensorFlow. Lists of pointers are BigUint64Arrays, lists of
 * TF_Output pairs of an operation and an index.
 */
export interface CApi {
  version(): string;
  newStatus(): Pointer;
  deleteStatus(status: Pointer): void;
  code(status: Pointer): number;
  message(status: Pointer): string;
  newGraph(): Pointer;
  deleteGraph(graph: Pointer): void;
  newBuffer(data: Uint8Array, length: number): Pointer;
  deleteBuffer(buffer: Pointer): void;
  newImportOptions(): Pointer;
  deleteImportOptions(options: Pointer): void;
  importGraphDef(graph: Pointer, def: Pointer, options: Pointer, status: Pointer): void;
  newSessionOptions(): Pointer;
  deleteSessionOptions(options: Pointer): void;
  setConfig(options: Pointer, proto: Uint8Array, length: number, status: Pointer): void;
  newSession(graph: Pointer, options: Pointer, status: Pointer): Pointer;
  closeSession(session: Pointer, status: Pointer): void;
  deleteSession(session: Pointer, status: Pointer): void;
  listDevices(session: Pointer, status: Pointer): Pointer;
  deleteDeviceList(list: Pointer): void;
  deviceCount(list: Pointer): number;
  deviceType(list: Pointer, index: number, status: Pointer): string;
  operation(graph: Pointer, name: string): Pointer | null;
  /** On a thread of its own: the event loop goes on meanwhile. */
  run(
    session: Pointer,
    inputs: BigUint64Array,
    inputValues: BigUint64Array,
    outputs: BigUint64Array,
    outputValues: BigUint64Array,
    status: Pointer,
  ): Promise<void>;
  newTensor(type: number, dims: BigInt64Array, rank: number, bytes: number): Pointer;
  tensorData(tensor: Pointer): Pointer;
  tensorBytes(tensor: Pointer): number;
  rank(tensor: Pointer): number;
  size(tensor: Pointer, axis: number): number;
  deleteTensor(tensor: Pointer): void;
  /** The memory behind a pointer, not copied. */
  view(pointer: Pointer, bytes: number): ArrayBuffer;
}

const signatures = {
  version: 'const char *TF_Version()',
  newStatus: 'void *TF_NewStatus()',
  deleteStatus: 'void TF_DeleteStatus(void *status)',
  code: 'int TF_GetCode(void *status)',
  message: 'const char *TF_Message(void *status)',
  newGraph: 'void *TF_NewGraph()',
  deleteGraph: 'void TF_DeleteGraph(void *graph)',
  newBuffer: 'void *TF_NewBufferFromString(const void *proto, size_t length)',
  deleteBuffer: 'void TF_DeleteBuffer(void *buffer)',
  newImportOptions: 'void *TF_NewImportGraphDefOptions()',
  deleteImportOptions: 'void TF_DeleteImportGraphDefOptions(void *options)',
  importGraphDef: 'void TF_GraphImportGraphDef(void *graph, void *def, void *options, void *status)',
  newSessionOptions: 'void *TF_NewSessionOptions()',
  deleteSessionOptions: 'void TF_DeleteSessionOptions(void *options)',
  setConfig: 'void TF_SetConfig(void *options, const void *proto, size_t length, void *status)',
  newSession: 'void *TF_NewSession(void *graph, void *options, void *status)',
  closeSession: 'void TF_CloseSession(void *session, void *status)',
  deleteSession: 'void TF_DeleteSession(void *session, void *status)',
  listDevices: 'void *TF_SessionListDevices(void *session, void *status)',
  deleteDeviceList: 'void TF_DeleteDeviceList(void *list)',
  deviceCount: 'int TF_DeviceListCount(void *list)',
  deviceType: 'const char *TF_DeviceListType(void *list, int index, void *status)',
  operation: 'void *TF_GraphOperationByName(void *graph, const char *name)',
  newTensor: 'void *TF_AllocateTensor(int type, const void *dims, int rank, size_t length)',
  tensorData: 'void *TF_TensorData(void *tensor)',
  tensorBytes: 'size_t TF_TensorByteSize(void *tensor)',
  rank: 'int TF_NumDims(void *tensor)',
  size: 'int64_t TF_Dim(void *tensor, int axis)',
  deleteTensor: 'void TF_DeleteTensor(void *tensor)',
} as const;

const sessionRun =
  'void TF_SessionRun(void *session, void *options, void *inputs, void *input_values, int ninputs, void *outputs, void *output_values, int noutputs, void *targets, int ntargets, void *metadata, void *status)';

type Async = { async(...args: unknown[]): void };

/** The C API of a loaded library. Throws if it lacks a function. */
export function cApiOf({ koffi, library }: LoadedLibrary): CApi {
  const calls = Object.fromEntries(Object.entries(signatures).map(([name, text]) => [name, library.func(text)]));
  const session = library.func(sessionRun) as unknown as Async;
  const run: CApi['run'] = (handle, inputs, inputValues, outputs, outputValues, status) =>
    new Promise((resolve, reject) => {
      const done = (error: unknown): void => (error ? reject(error) : resolve());
      const ins = [inputs, inputValues, inputValues.length];
      const outs = [outputs, outputValues, outputValues.length];
      session.async(handle, null, ...ins, ...outs, null, 0, null, status, done);
    });
  return { ...(calls as unknown as CApi), run, view: (pointer, bytes) => koffi.view(pointer, bytes) };
}
