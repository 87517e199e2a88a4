import { Tensor } from 'onnxruntime-node';
import type { StateView } from '../../../compiler/index.js';
import type { TrainingState } from '../engine.js';

type Tensors = Record<string, Tensor>;
type Vectors = ReadonlyMap<string, Float32Array>;

/** The state of a training by the name of its flat vectors: `parameters`, slots, `statistics`. */
export const vectorsOf = ({ parameters, slots, statistics }: TrainingState): Vectors =>
  new Map(Object.entries({ parameters, ...slots, statistics }));

/**
 * The flat vectors of a state, as the tensors they are fed and write. Nothing is copied: a tensor is a view of its vector. A step
 * either writes over what it reads, where its graph allows that (`chunkedStep`), or into a second set, and the two take turns.
 */
export class StepState {
  #now: Vectors;
  #next: Vectors;
  readonly #views: readonly StateView[];

  /** @param start copied */
  constructor(start: Vectors, views: readonly StateView[], inPlace: boolean) {
    const changing = new Set(views.filter((v) => v.next !== undefined).map((v) => v.of));
    this.#views = views;
    this.#now = new Map([...start].map(([name, data]) => [name, data.slice()]));
    const second = (name: string, data: Float32Array) => (changing.has(name) ? new Float32Array(data.length) : data);
    this.#next = inPlace ? this.#now : new Map([...this.#now].map(([name, data]) => [name, second(name, data)]));
  }

  /** What a step reads, by input. */
  inputs(): Tensors {
    return Object.fromEntries(this.#views.map((view) => [view.name, tensorOf(view, this.#now)]));
  }

  /** Where it writes, by output. */
  outputs(): Tensors {
    return Object.fromEntries(
      this.#views.flatMap((view) => (view.next === undefined ? [] : [[view.next, tensorOf(view, this.#next)]])),
    );
  }

  /** After a step. */
  advance(): void {
    [this.#now, this.#next] = [this.#next, this.#now];
  }

  /** A copy of a vector as it is now. */
  copy(name: string): Float32Array {
    return (this.#now.get(name) as Float32Array).slice();
  }
}

function tensorOf({ of, offset, length }: StateView, vectors: Vectors): Tensor {
  const vector = vectors.get(of);
  if (!vector) throw new Error(`the state has no ${of}`);
  return new Tensor('float32', vector.subarray(offset, offset + length), [length]);
}
