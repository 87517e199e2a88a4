/**
 * What a user's page does with a tf.GraphModel, in words that are the same in Node and in a browser: these functions refer to
 * nothing outside themselves, so that their text can be sent to a page.
 */

/** The part of TensorFlow.js that they use; `tf` on a page. */
export interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  loadGraphModel(handler: { load(): Promise<unknown> }): Promise<GraphModelHandle>;
  tensor(data: Float32Array, shape: readonly number[]): TfTensorHandle;
  neg(x: TfTensorHandle): TfTensorHandle;
  getBackend(): string;
  env(): { set(flag: string, value: boolean): void };
  dispose(tensors: unknown): void;
}

interface TfTensorHandle {
  readonly shape: readonly number[];
  data(): Promise<ArrayLike<number>>;
}

interface GraphModelHandle {
  readonly outputNodes: readonly string[];
  execute(inputs: Readonly<Record<string, TfTensorHandle>>): TfTensorHandle | TfTensorHandle[];
  dispose(): void;
}

/** Numbers as JSON can hold them. */
export interface Plain {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

export interface OpenRequest {
  readonly id: number;
  /** model.json */
  readonly model: string;
  /** The shards one after another, base64. */
  readonly weights: string;
}

export interface RunRequest {
  readonly id: number;
  readonly feeds: Readonly<Record<string, Plain>>;
}

/** Opened models by number, where the functions below find them. */
export interface Models {
  unetcModels?: Map<number, GraphModelHandle>;
}

export async function openModel(tf: Tf, where: Models, { id, model, weights }: OpenRequest): Promise<void> {
  const json = JSON.parse(model);
  const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0));
  const handle = await tf.loadGraphModel({
    load: async () => ({ ...json, weightSpecs: json.weightsManifest[0].weights, weightData: bytes.buffer }),
  });
  where.unetcModels ??= new Map();
  where.unetcModels.set(id, handle);
}

/**
 * By `execute`, as a page does that doesn't wait: on a GPU nothing may be read back on the way. Answers in the signature's order.
 * What is fed is on the GPU before: TensorFlow.js computes on the CPU with small tensors that are not, which would test that.
 */
export async function runModel(tf: Tf, where: Models, { id, feeds }: RunRequest): Promise<Plain[]> {
  const handle = where.unetcModels?.get(id);
  if (!handle) throw new Error(`model ${id} is not open`);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [name, tf.tensor(Float32Array.from(data), shape)]),
  );
  const forward = { webgl: 'WEBGL_CPU_FORWARD', webgpu: 'WEBGPU_CPU_FORWARD' }[tf.getBackend()];
  if (forward !== undefined) {
    tf.env().set(forward, false);
    for (const x of Object.values(inputs)) tf.dispose(tf.neg(x));
    tf.env().set(forward, true);
  }
  const outputs = [handle.execute(inputs)].flat();
  const answers: Plain[] = [];
  for (const t of outputs) answers.push({ data: Array.from(await t.data()), shape: t.shape });
  tf.dispose([inputs, outputs]);
  return answers;
}

export async function closeModel(_: Tf, where: Models, { id }: { readonly id: number }): Promise<void> {
  where.unetcModels?.get(id)?.dispose();
  where.unetcModels?.delete(id);
}

export async function chooseBackend(tf: Tf, _: Models, { name }: { readonly name: string }): Promise<boolean> {
  const chosen = await tf.setBackend(name);
  await tf.ready();
  return chosen;
}
