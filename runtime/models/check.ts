import { UserError } from '../../compiler/user-error.js';
import { shown } from '../support/shown.js';
import { onnxSchema } from './onnx-schema.js';
import { isOnnxDomain, onnxOperators, runtimeOperators } from './operators.js';
import { isTooLarge } from './sizes.js';
import { mistakeOf, smallConstant } from './tensors.js';
import { type Message, readMessage, WireError, WireLimit } from './wire.js';

export interface CheckOptions {
  /** Of the file, for messages. */
  readonly name?: string;
  /**
   * Whoever runs it knows where the file comes from: operators of any kind, loops, functions and large sizes pass too. Data
   * outside the file, and data that don't add up, never do.
   */
  readonly trust?: boolean;
}

/** What is known of a model that was checked. */
export interface CheckedModel {
  /** Of the graph's inputs that need a value, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Values in a file, weights not counted: a network of 10,000 operators has 100,000. Each takes some 100 bytes while it is checked. */
const most = 300_000;
const mostTrusted = 5_000_000;
/** Graphs in graphs: an adaptive model has one for each level. */
const deepest = 16;
/** Of onnx.proto; later versions may mean what this reader does not know. */
const newestIr = 13;

/**
 * Formats that engines recognize by bytes 4 to 8 before they try ONNX: ONNX Runtime's own, and TensorFlow Lite's for OpenVINO. A file
 * may be one of them and ONNX at once, and what was checked would not be what runs.
 */
const otherFormats = ['ORTM', 'TFL3'];

/**
 * Reads a model file of anyone as ONNX, before an engine sees it: bytes that every reader reads alike, all data in the file and as
 * many as the shapes say, one image in, tensors out, and nothing that reads files, repeats without end or asks for sizes out of proportion.
 * Weights are not decoded or copied; what is built meanwhile is bounded by the number of fields.
 *
 * @throws UserError `model-corrupt` for what is no whole ONNX file, `model-refused` for what it asks of an engine
 */
export function checkModel(bytes: Uint8Array, { name = 'the model', trust = false }: CheckOptions = {}): CheckedModel {
  const model = readModel(bytes, name, trust);
  return new Check(name, trust).model(model);
}

function readModel(bytes: Uint8Array, name: string, trust: boolean): Message {
  const mark = String.fromCharCode(...bytes.subarray(4, 8));
  if (otherFormats.includes(mark)) throw corrupt(name, `it is marked as another format, ${mark}`);
  try {
    return readMessage(bytes, onnxSchema, 'Model', trust ? mostTrusted : most);
  } catch (error) {
    if (error instanceof WireLimit) {
      throw new UserError('model-refused', `${name} is refused: it has ${error.message}`, 'use a smaller model', {
        cause: error,
      });
    }
    if (!(error instanceof WireError)) throw error;
    // Every exporter writes the version of the format, field 1, first.
    if (bytes[0] === 8) throw corrupt(name, error.message, error);
    throw new UserError('model-corrupt', `${name} is not an ONNX model`, 'name a file that unetc build wrote', {
      cause: error,
    });
  }
}

const corrupt = (name: string, why: string, cause?: unknown): UserError =>
  new UserError(
    'model-corrupt',
    `${name} is damaged or not an ONNX model: ${why}`,
    "use an intact copy of it, or build it again with 'unetc build'",
    { cause },
  );

/** Constants by name, as far as they are small; and those of the graphs around. */
class Scope {
  readonly #around?: Scope;
  readonly #own = new Map<string, readonly number[]>();

  constructor(around?: Scope) {
    this.#around = around;
  }

  set(name: string, value: readonly number[]): void {
    this.#own.set(name, value);
  }

  get(name: string): readonly number[] | undefined {
    return this.#own.get(name) ?? this.#around?.get(name);
  }
}

class Check {
  readonly #name: string;
  readonly #trust: boolean;

  constructor(name: string, trust: boolean) {
    this.#name = name;
    this.#trust = trust;
  }

  model(model: Message): CheckedModel {
    const graph = model.message('graph');
    if (!graph) throw corrupt(this.#name, 'it has no graph');
    const version = model.int('ir_version') ?? 0;
    if (version < 3 || version > newestIr) {
      throw this.#refused(
        `it is written in version ${version} of the format`,
        `convert it to one from 3 to ${newestIr}`,
      );
    }
    const domains = model.messages('opset_import').map((o) => o.text('domain'));
    for (const domain of domains)
      if (!isOnnxDomain(domain) && !runtimeOperators.has(domain))
        this.#unusual(`it uses operators of ${quoted(domain)}`);
    if (model.has('training_info'))
      throw this.#refused('it brings a training step of its own', 'export it for inference');
    if (model.has('configuration')) throw this.#refused('it is divided over several devices', 'export it for one');
    for (const each of model.messages('functions')) this.#function(each);
    this.#graph(graph, new Scope(), 0);
    return { ...this.#ends(graph), metadata: this.#metadata(model) };
  }

  #metadata(model: Message): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const entry of model.messages('metadata_props')) {
      const key = entry.text('key');
      if (found.has(key)) throw corrupt(this.#name, `its metadata says ${quoted(key)} twice`);
      found.set(key, entry.text('value'));
    }
    // ONNX Runtime takes settings of a session from here if a variable of the environment says so.
    if (found.has('ort_config')) this.#unusual('it brings settings for ONNX Runtime');
    return found;
  }

  /** One image in, tensors out. */
  #ends(graph: Message): Pick<CheckedModel, 'inputs' | 'outputs'> {
    const constants = new Set(graph.messages('initializer').map((t) => t.text('name')));
    const inputs = graph.messages('input').filter((i) => !constants.has(i.text('name')));
    const outputs = graph.messages('output');
    if (inputs.length !== 1)
      throw this.#refused(
        `it has ${inputs.length} inputs, and a single image can be given`,
        'use a model of one input',
      );
    if (outputs.length === 0) throw this.#refused('it has no output', 'use a model with one');
    const names = outputs.map((o) => o.text('name'));
    if (new Set(names).size < names.length) throw corrupt(this.#name, 'two outputs have one name');
    const type = inputs[0]?.message('type')?.message('tensor_type')?.int('elem_type');
    if (type !== 1) throw this.#refused('its input is no tensor of 32-bit floats', 'export it in fp32');
    return { inputs: inputs.map((i) => i.text('name')), outputs: names };
  }

  #function(message: Message): void {
    const name = message.text('name');
    this.#unusual(`it brings the function ${quoted(name)}`);
    const scope = new Scope();
    for (const node of message.messages('node')) this.#node(node, scope, 1);
    for (const attribute of message.messages('attribute_proto')) this.#attribute(attribute, name, scope, 1);
  }

  #graph(graph: Message, around: Scope, depth: number): void {
    if (depth > deepest)
      throw this.#refused(`it has graphs in graphs, more than ${deepest} deep`, 'use a flatter model');
    const scope = new Scope(around);
    for (const tensor of graph.messages('initializer')) this.#constant(tensor, tensor.text('name'), scope);
    for (const sparse of graph.messages('sparse_initializer')) this.#sparse(sparse, 'a sparse constant');
    for (const list of ['input', 'output', 'value_info']) {
      for (const info of graph.messages(list)) this.#valueInfo(info);
    }
    for (const node of graph.messages('node')) this.#node(node, scope, depth);
  }

  #valueInfo(info: Message): void {
    const type = info.message('type');
    if (type && !type.has('tensor_type'))
      throw this.#refused(`its value ${quoted(info.text('name'))} is no tensor`, 'use tensors only');
    const dims = type?.message('tensor_type')?.message('shape')?.messages('dim') ?? [];
    for (const dim of dims) {
      const size = dim.int('dim_value') ?? 0;
      // -1 is how some exporters say that a size is open.
      if (size < -1 || size >= 2 ** 31) throw corrupt(this.#name, `${quoted(info.text('name'))} has a size of ${size}`);
    }
  }

  #node(node: Message, scope: Scope, depth: number): void {
    const op = node.text('op_type');
    const domain = node.text('domain');
    const title = quoted(node.text('name') || node.texts('output')[0] || op);
    if (node.has('device_configurations'))
      throw this.#refused('it is divided over several devices', 'export it for one');
    if (isOnnxDomain(domain)) {
      if (op === 'Loop' || op === 'Scan') this.#unusual(`${title} repeats a part of it (${op}), perhaps without end`);
      else if (!onnxOperators.has(op))
        this.#unusual(`${title} is a ${quoted(op)}, no operator of networks that segment`);
    } else if (!runtimeOperators.get(domain)?.has(op)) {
      this.#unusual(`${title} is a ${quoted(op)} of ${quoted(domain)}, no operator of ONNX`);
    }
    for (const attribute of node.messages('attribute')) {
      this.#attribute(attribute, title, scope, depth);
      if (attribute.has('g') && op !== 'If') this.#unusual(`${title}, a ${quoted(op)}, contains a graph`);
      if (attribute.has('graphs')) this.#unusual(`${title} contains graphs`);
    }
    if (op === 'Constant') {
      const tensor = node
        .messages('attribute')
        .find((a) => a.has('t'))
        ?.message('t');
      const value = tensor ? smallConstant(tensor) : null;
      const ints = node
        .messages('attribute')
        .find((a) => a.text('name') === 'value_ints')
        ?.numbers('ints').first;
      const int = node
        .messages('attribute')
        .find((a) => a.text('name') === 'value_int')
        ?.int('i');
      const found = value ?? ints ?? (int === undefined ? undefined : [int]);
      if (found) scope.set(node.texts('output')[0] ?? '', found);
    }
    const why = isTooLarge(node, (name) => scope.get(name));
    if (why) this.#unusual(`${title}, a ${op}, ${why}`);
  }

  #attribute(attribute: Message, title: string, scope: Scope, depth: number): void {
    const where = `${quoted(attribute.text('name'))} of ${title}`;
    const tensors = [...attribute.messages('t'), ...attribute.messages('tensors')];
    for (const tensor of tensors) this.#constant(tensor, where);
    for (const sparse of [...attribute.messages('sparse_tensor'), ...attribute.messages('sparse_tensors')])
      this.#sparse(sparse, where);
    for (const graph of [...attribute.messages('g'), ...attribute.messages('graphs')])
      this.#graph(graph, scope, depth + 1);
    if (attribute.has('tp') || attribute.has('type_protos')) this.#unusual(`${where} is a type`);
  }

  #constant(tensor: Message, where: string, scope?: Scope): void {
    const mistake = mistakeOf(tensor);
    if (mistake?.external) {
      // Its name may say where the data would be read from; the location itself is not repeated.
      throw this.#refused(
        `${quoted(tensor.text('name') || where)} ${mistake.why}`,
        'save it with all data in one file: onnx.save(model, path, save_as_external_data=False)',
      );
    }
    if (mistake) throw corrupt(this.#name, `the constant ${quoted(tensor.text('name') || where)} ${mistake.why}`);
    const value = scope ? smallConstant(tensor) : null;
    if (value) scope?.set(tensor.text('name'), value);
  }

  #sparse(sparse: Message, where: string): void {
    for (const part of ['values', 'indices']) {
      const tensor = sparse.message(part);
      if (tensor) this.#constant(tensor, where);
    }
    this.#unusual(`${quoted(where)} is sparse`);
  }

  /** Refused, unless the model is trusted. */
  #unusual(why: string): void {
    if (this.#trust) return;
    throw this.#refused(why, '--trust runs it all the same: only for a model of someone you trust');
  }

  #refused(why: string, hint: string): UserError {
    return new UserError('model-refused', `${this.#name} is refused: ${why}`, hint);
  }
}

/** A name of the file for a message. */
const quoted = (name: string): string => JSON.stringify(shown(name));
