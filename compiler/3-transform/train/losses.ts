import type { GraphBuilder } from '../../ir/builder.js';
import { known } from '../../ir/dim.js';
import type { Attrs, Node, Value } from '../../ir/graph.js';
import type { OpName } from '../../ops/index.js';
import type { LossTerm } from '../../recipe.js';

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
 * A head's loss, a scalar: the weighted sum of its terms. `target` has the head's shape, [N, K, ...], values 0 or 1
 * (one-hot over K under softmax). Means are over every element, or over (sample, channel) for the overlap losses.
 *
 * - bce: softplus(z) - y z
 * - cross_entropy: -sum_k y_k log softmax(z)_k, mean over pixels
 * - focal: alpha_t (1 - p_t)^gamma * bce (Lin et al., 2017); under softmax (1 - p_t)^gamma * cross entropy
 * - dice: 1 - (2 I + 1) / (P + Y + 1), I = sum p y (Milletari et al., 2016, first powers, smoothing 1)
 * - jaccard: 1 - (I + 1) / (P + Y - I + 1)
 * - tversky: 1 - (I + 1) / (I + alpha (P - I) + beta (Y - I) + 1) (Salehi et al., 2017)
 * - lovasz: sum over a sample's channel of weight * error, weights by `lovasz_weights` (Berman et al., 2018): under sigmoid the
 *   hinge, errors max(0, 1 - z (2 y - 1)); under softmax errors |y - p|, absent classes included
 */
export function headLoss(
  terms: readonly LossTerm[],
  prediction: Prediction,
  target: Value,
  build: GraphBuilder,
): Value {
  const weighted = terms.map((term) => {
    const loss = lossTable[term.name](new Tools(build, prediction, target), term.args);
    return term.weight === 1 ? loss : build.emit('affine', [loss], { scale: term.weight, shift: 0 });
  });
  return weighted.length === 1 ? (weighted[0] as Value) : build.emit('add', weighted);
}

type LossRule = (t: Tools, args: Readonly<Record<string, number>>) => Value;

const lossTable: Readonly<Record<LossTerm['name'], LossRule>> = {
  bce: (t) => t.mean(t.binaryEntropy()),
  cross_entropy: (t) => t.mean(t.crossEntropy()),
  focal: (t, args) => {
    const gamma = args.gamma ?? 2;
    const alpha = args.alpha ?? 0.25;
    const entropy = t.prediction.activation === 'softmax' ? t.crossEntropy() : t.binaryEntropy();
    // p_t = exp(-entropy), so 1 - p_t needs no selection by the target
    const miss = t.affine(t.emit('exp', [t.affine(entropy, -1)]), -1, 1);
    const focused = t.emit('mul', [
      t.emit('pow', [t.emit('clip', [miss], { min: 0, max: 1 })], { exponent: gamma }),
      entropy,
    ]);
    if (t.prediction.activation === 'softmax') return t.mean(focused);
    return t.mean(t.emit('mul', [t.affine(t.target, 2 * alpha - 1, 1 - alpha), focused]));
  },
  dice: (t) => t.overlap((i, p, y) => [t.affine(i, 2, 1), t.affine(t.emit('add', [p, y]), 1, 1)]),
  jaccard: (t) =>
    t.overlap((i, p, y) => [t.affine(i, 1, 1), t.affine(t.emit('sub', [t.emit('add', [p, y]), i]), 1, 1)]),
  tversky: (t, args) => {
    const alpha = args.alpha ?? 0.5;
    const beta = args.beta ?? 0.5;
    return t.overlap((i, p, y) => {
      const misses = t.emit('add', [t.affine(p, alpha), t.affine(y, beta)]);
      return [t.affine(i, 1, 1), t.affine(t.emit('add', [t.affine(i, 1 - alpha - beta), misses]), 1, 1)];
    });
  },
  lovasz: (t) => {
    const errors = t.prediction.activation === 'softmax' ? t.missed() : t.hinge();
    const weights = t.emit('lovasz_weights', [errors, t.target]);
    const share = t.target.type.shape.slice(2).reduce((n, d) => n * known(d), 1);
    // The mean over elements times their number: a sum over space, a mean over samples and channels.
    return t.affine(t.mean(t.emit('mul', [t.emit('relu', [errors]), weights])), share);
  },
};

/** What the loss formulas are written in. */
class Tools {
  constructor(
    readonly build: GraphBuilder,
    readonly prediction: Prediction,
    readonly target: Value,
  ) {}

  emit(op: OpName, inputs: readonly Value[], attrs?: Attrs): Value {
    return this.build.emit(op, inputs, attrs);
  }

  affine(x: Value, scale: number, shift = 0): Value {
    return scale === 1 && shift === 0 ? x : this.emit('affine', [x], { scale, shift });
  }

  mean(x: Value): Value {
    return this.emit('reduce_mean', [x], { axes: x.type.shape.map((_, k) => k), keepdims: false });
  }

  /** 1 - z (2 y - 1): below 0 where the logit is right by more than 1. */
  hinge(): Value {
    return this.affine(this.emit('mul', [this.prediction.logits, this.affine(this.target, 2, -1)]), -1, 1);
  }

  /** |y - p| */
  missed(): Value {
    return this.emit('abs', [this.emit('sub', [this.target, this.prediction.probability])]);
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

  /** [N, 1, ...]: summed over classes. */
  crossEntropy(): Value {
    const log =
      this.prediction.activation === 'softmax'
        ? this.emit('log_softmax', [this.prediction.logits], { axis: 1 })
        : this.emit('log', [this.emit('clip', [this.prediction.probability], { min: 1e-7, max: 1 })]);
    const sum = this.emit('reduce_sum', [this.emit('mul', [this.target, log])], { axes: [1], keepdims: true });
    return this.affine(sum, -1);
  }

  /** 1 - mean over (sample, channel) of the ratio that `ratio` makes of intersection, prediction and truth. */
  overlap(ratio: (intersection: Value, predicted: Value, truth: Value) => readonly [Value, Value]): Value {
    const p = this.prediction.probability;
    const axes = p.type.shape.map((_, k) => k).slice(2);
    const sum = (x: Value) => this.emit('reduce_sum', [x], { axes, keepdims: false });
    const [above, below] = ratio(sum(this.emit('mul', [p, this.target])), sum(p), sum(this.target));
    return this.affine(this.mean(this.emit('div', [above, below])), -1, 1);
  }
}

/** Elements in a value of known shape. */
export const elements = (v: Value): number => v.type.shape.reduce((n, d) => n * known(d), 1);
