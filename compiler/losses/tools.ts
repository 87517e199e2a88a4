import type { GraphBuilder } from '../ir/builder.js';
import { known } from '../ir/dim.js';
import type { Attrs, Node, Value } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';

/** A head as losses see it: its probabilities, and the values before the activation where it has one. */
export interface Prediction {
  readonly activation: 'sigmoid' | 'softmax' | 'none';
  readonly logits: Value;
  readonly probability: Value;
}

/** Splits a head at its activation, so that losses can be taken on logits (stable: no log of a rounded probability). */
export function predictionOf(head: Value, producer: Node | undefined): Prediction {
  if (producer?.op === 'sigmoid' || (producer?.op === 'softmax' && producer.attrs.axis === 1)) {
    return { activation: producer.op, logits: producer.inputs[0] as Value, probability: head };
  }
  return { activation: 'none', logits: head, probability: head };
}

/**
 * What the formulas of losses are written in. With `ignore`, a pixel whose target is below 0 in every channel (the data layer writes -1 there)
 * counts nowhere: `target` is 0 on it, means are over the other pixels, and sums leave it out.
 */
export class Tools {
  readonly target: Value;
  /** 1 on what counts and 0 on what is ignored, as long as the target; absent where everything counts. */
  readonly counted: Value | undefined;

  constructor(
    readonly build: GraphBuilder,
    readonly prediction: Prediction,
    target: Value,
    ignore = false,
  ) {
    this.counted = ignore
      ? this.emit('greater', [target, this.emit('constant', [], { value: -0.5, shape: [] })])
      : undefined;
    this.target = ignore ? this.emit('clip', [target], { min: 0, max: 1 }) : target;
  }

  emit(op: OpName, inputs: readonly Value[], attrs?: Attrs): Value {
    return this.build.emit(op, inputs, attrs);
  }

  affine(x: Value, scale: number, shift = 0): Value {
    return scale === 1 && shift === 0 ? x : this.emit('affine', [x], { scale, shift });
  }

  /** x where it counts, 0 elsewhere; x may have one channel for all. */
  only(x: Value): Value {
    return this.counted ? this.emit('mul', [x, this.#countedLike(x)]) : x;
  }

  /** The mean of what counts; 0 where nothing does. */
  mean(x: Value): Value {
    const axes = x.type.shape.map((_, k) => k);
    if (!this.counted) return this.emit('reduce_mean', [x], { axes, keepdims: false });
    const sum = (v: Value): Value => this.emit('reduce_sum', [v], { axes, keepdims: false });
    const count = this.emit('clip', [sum(this.#countedLike(x))], { min: 1, max: 3e38 });
    return this.emit('div', [sum(this.only(x)), count]);
  }

  /** The mean of every element. */
  meanOfAll(x: Value): Value {
    return this.emit('reduce_mean', [x], { axes: x.type.shape.map((_, k) => k), keepdims: false });
  }

  #countedLike(x: Value): Value {
    const counted = this.counted as Value;
    const [own, all] = [x, counted].map((v) => known(v.type.shape[1] as Value['type']['shape'][number]));
    return own === all ? counted : this.emit('slice', [counted], { axis: 1, start: 0, length: own as number });
  }

  /** Element by element; on logits under a sigmoid, on clipped probabilities where the head has no activation. */
  binaryEntropy(): Value {
    const { activation, logits, probability } = this.prediction;
    if (activation === 'sigmoid') {
      return this.emit('sub', [this.emit('softplus', [logits]), this.emit('mul', [logits, this.target])]);
    }
    const p = this.emit('clip', [probability], { min: 1e-7, max: 1 - 1e-7 });
    const hit = this.emit('mul', [this.target, this.emit('log', [p])]);
    const miss = this.emit('mul', [this.affine(this.target, -1, 1), this.emit('log', [this.affine(p, -1, 1)])]);
    return this.affine(this.emit('add', [hit, miss]), -1);
  }

  /** [N, 1, ...]: summed over classes, the target blended with an even distribution by `smoothing`. */
  crossEntropy(smoothing = 0): Value {
    const log =
      this.prediction.activation === 'softmax'
        ? this.emit('log_softmax', [this.prediction.logits], { axis: 1 })
        : this.emit('log', [this.emit('clip', [this.prediction.probability], { min: 1e-7, max: 1 })]);
    const classes = known(log.type.shape[1] as Value['type']['shape'][number]);
    const target = this.affine(this.target, 1 - smoothing, smoothing / classes);
    const sum = this.emit('reduce_sum', [this.emit('mul', [target, log])], { axes: [1], keepdims: true });
    return this.affine(sum, -1);
  }

  /** 1 - mean over (sample, channel) of the ratio that `ratio` makes of intersection, prediction and truth. */
  overlap(ratio: (intersection: Value, predicted: Value, truth: Value) => readonly [Value, Value]): Value {
    const p = this.only(this.prediction.probability);
    const axes = p.type.shape.map((_, k) => k).slice(2);
    const sum = (x: Value) => this.emit('reduce_sum', [x], { axes, keepdims: false });
    const [above, below] = ratio(sum(this.emit('mul', [p, this.target])), sum(p), sum(this.target));
    return this.affine(this.meanOfAll(this.emit('div', [above, below])), -1, 1);
  }
}
