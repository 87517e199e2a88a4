import { knownShape } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { boolAttr, numberAttr } from '../../ops/attrs.js';
import { product } from '../shared.js';
import type { Emission, TfPort } from './emission.js';
import type { LoweringContext } from './lowering.js';
import { scaled } from './lowerings/elementwise.js';
import { penalized } from './lowerings/optimizers.js';
import type { TfTensor } from './node.js';

interface Variable {
  readonly name: string;
  readonly length: number;
  readonly handle: TfTensor;
}

const float = { dtype: { type: 'float' } } as const;

/** The flat vectors that a step changes, as resource variables of the session. */
export class State {
  /** Nodes that change them: what a step's results wait for. */
  readonly updates: string[] = [];
  readonly #emission: Emission;
  readonly #variables = new Map<string, Variable>();
  readonly #updated = new Set<string>();
  /** Names of variables by the id of the value that reads them. */
  readonly #readers = new Map<number, string>();

  constructor(emission: Emission) {
    this.#emission = emission;
  }

  /** A variable for an input of the plan; `value` is what it holds when the step starts. */
  declare(name: string, value: Value): void {
    const { b } = this.#emission;
    const length = product(knownShape(value.type.shape));
    const attrs = { ...float, shape: { shape: [length] }, shared_name: { text: name } };
    const handle = b.named(`state/${name}`, 'VarHandleOp', [], attrs, 'resource');
    this.#variables.set(name, { name, length, handle });
    this.#readers.set(value.id, name);
    b.at(`state/${name}`);
    this.#emission.define(value, this.#read(handle));
  }

  #read(handle: TfTensor): TfTensor {
    return this.#emission.b.split('ReadVariableOp', [handle], float, ['float'])[0] as TfTensor;
  }

  /** Writes an optimizer's step as the kernel that does it in place; false if the node is none of them. */
  update(node: Node): boolean {
    const names = node.inputs.map((v) => this.#readers.get(v.id));
    if (names[0] !== 'parameters') return false;
    const to = this.#emission.context(node);
    to.b.at(node.origin.path);
    if (node.op === 'adam_update') this.#adam(to, names as string[]);
    else if (node.op === 'sgd_update') this.#sgd(to, names as string[]);
    else return false;
    for (const name of names) if (name !== undefined) this.#updated.add(name);
    return true;
  }

  #handle(name: string | undefined): TfTensor {
    return (this.#variables.get(name as string) as Variable).handle;
  }

  /**
   * ResourceApplyAdam computes parameters -= lr sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon). With both
   * powers 0, lr' = lr sqrt(c2) / c1 and epsilon' = eps sqrt(c2), ck = 1 - betak^t, that is PyTorch's step, and ck is as
   * exact as expm1. Its means weigh by the beta that it is given, in single precision, and so must ck: 1 - 0.999 is off by
   * 1.3e-5 there, which would be a bias of every step.
   */
  #adam(to: LoweringContext, names: readonly string[]): void {
    const { b, attrs } = to;
    const [parameters, , , gradient, lr, step] = to.inputs as [
      TfTensor,
      TfTensor,
      TfTensor,
      TfTensor,
      TfTensor,
      TfTensor,
    ];
    const [handle, m, v] = names.slice(0, 3).map((name) => this.#handle(name)) as [TfTensor, TfTensor, TfTensor];
    const [beta1, beta2] = [numberAttr(attrs, 'beta1'), numberAttr(attrs, 'beta2')];
    const decay = numberAttr(attrs, 'weight_decay');
    const decoupled = boolAttr(attrs, 'decoupled');
    const correction = (beta: number) =>
      b.op('Neg', [b.op('Expm1', [scaled(to, step, Math.log(Math.fround(beta)), 0)])]);
    const root = b.op('Sqrt', [correction(beta2)]);
    const rate = b.op('RealDiv', [b.op('Mul', [lr, root]), correction(beta1)]);
    const epsilon = scaled(to, root, numberAttr(attrs, 'eps'), 0);
    const g = decoupled ? gradient : penalized(to, gradient, parameters, decay);
    const before =
      decoupled && decay !== 0
        ? [
            b.effect('AssignVariableOp', [handle, b.op('Mul', [parameters, scaled(to, lr, -decay, 1)])], float, [
              b.node(g),
            ]),
          ]
        : [];
    const zero = b.float(0);
    const inputs = [handle, m, v, zero, zero, rate, b.float(beta1), b.float(beta2), epsilon, g];
    this.updates.push(b.effect('ResourceApplyAdam', inputs, { T: { type: 'float' } }, before));
  }

  #sgd(to: LoweringContext, names: readonly string[]): void {
    const { b, attrs } = to;
    const [gradient, lr] = to.inputs.slice(-2) as [TfTensor, TfTensor];
    const g = penalized(to, gradient, to.input(0), numberAttr(attrs, 'weight_decay'));
    const T = { T: { type: 'float' } } as const;
    const handle = this.#handle(names[0]);
    if (to.inputs.length === 3) {
      this.updates.push(b.effect('ResourceApplyGradientDescent', [handle, lr, g], T));
      return;
    }
    const share = b.float(numberAttr(attrs, 'momentum'));
    const nesterov = { use_nesterov: { bool: boolAttr(attrs, 'nesterov') } };
    const inputs = [handle, this.#handle(names[1]), lr, g, share];
    this.updates.push(b.effect('ResourceApplyMomentum', inputs, { ...T, ...nesterov }));
  }

  /** Gives a variable its next value, unless an update did. */
  assign(name: string, value: Value): void {
    if (this.#updated.has(name)) return;
    const { b } = this.#emission;
    b.at(`state/${name}`);
    this.updates.push(b.effect('AssignVariableOp', [this.#handle(name), this.#emission.tensorOf(value)], float));
    this.#updated.add(name);
  }

  /** An input for every variable, an output that waits until they are filled, and one each that waits for its own. */
  restore(): { inputs: TfPort[]; outputs: TfPort[]; each: TfPort[] } {
    const { b } = this.#emission;
    const assigns: string[] = [];
    const inputs = [...this.#variables.values()].map(({ name, length, handle }) => {
      const shape = [length];
      const tensor = b.named(`restore/${name}`, 'Placeholder', [], { ...float, shape: { shape } }, 'float');
      b.at(`restore/${name}`);
      assigns.push(b.effect('AssignVariableOp', [handle, tensor], float));
      return { name, tensor, shape };
    });
    const done = (name: string, after: readonly string[]): TfPort => {
      return { name, tensor: this.#emission.identity(name, b.float(1), after), shape: [] };
    };
    const each = inputs.map(({ name }, k) => done(`restored/${name}`, [assigns[k] as string]));
    return { inputs, outputs: [done('restored', assigns)], each };
  }

  snapshot(): { outputs: TfPort[] } {
    const { b } = this.#emission;
    const outputs = [...this.#variables.values()].map(({ name, length, handle }) => {
      b.at(`snapshot/${name}`);
      return { name, tensor: this.#emission.identity(`snapshot/${name}`, this.#read(handle)), shape: [length] };
    });
    return { outputs };
  }
}
