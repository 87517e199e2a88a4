import type { GraphBuilder } from '../ir/builder.js';
import type { Value } from '../ir/graph.js';
import { average, biasCorrection, moved, positive, scaled, square } from './arithmetic.js';
import { defineOptimizer, type Piece } from './optimizer.js';

/**
 * You et al., "Large Batch Optimization for Deep Learning", 2020, algorithm 2, with the identity as its scaling function:
 *   m' = beta1 m + (1 - beta1) g      v' = beta2 v + (1 - beta2) g^2
 *   u = m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + eps) + weight_decay p
 *   p' = p - lr |p| / |u| u, norms over each parameter (tensor) by itself; the ratio is 1 where either norm is 0
 */
export const lamb = defineOptimizer({
  doc: 'Adam whose step is scaled to each weight tensor’s norm, for large batches (You et al., 2020).',
  summary: "Adam's step scaled to the norm of each weight tensor, for large batches (You et al., 2020)",
  settings: {
    lr: { default: 1e-3, above: 0 },
    beta1: { default: 0.9, least: 0, below: 1 },
    beta2: { default: 0.999, least: 0, below: 1 },
    eps: { default: 1e-6, above: 0 },
    weightDecay: { default: 0.01, least: 0 },
  },
  slots: () => ['m', 'v'],
  *update({ beta1, beta2, eps, weightDecay }, pieces, { lr, step }, build) {
    const [first, second] = [biasCorrection(build, step, beta1), biasCorrection(build, step, beta2)];
    const norms = new ParameterNorms(build);
    // A norm spans every piece of its parameter: all directions first, then all steps.
    const directed = [...pieces].map((piece) => {
      const [m, v] = piece.slots as readonly [Value, Value];
      const nextM = average(build, m, piece.gradient, beta1);
      const nextV = average(build, v, square(build, piece.gradient), beta2);
      const deviation = build.emit('sqrt', [build.emit('div', [nextV, second])]);
      const adam = build.emit('div', [build.emit('div', [nextM, first]), scaled(build, deviation, 1, eps)]);
      const u = weightDecay === 0 ? adam : build.emit('add', [adam, scaled(build, piece.parameters, weightDecay)]);
      const parts = cut(build, u, piece);
      norms.add(piece, parts);
      return { piece, parts, slots: [nextM, nextV] };
    });
    for (const { piece, parts, slots } of directed) {
      const stretched = parts.map((part, k) =>
        build.emit('mul', [part, norms.ratio((piece.parts[k] as Piece['parts'][number]).parameter)]),
      );
      const direction = stretched.length === 1 ? (stretched[0] as Value) : build.emit('concat', stretched, { axis: 0 });
      yield { parameters: moved(build, piece.parameters, lr, direction), slots };
    }
  },
});

/** A vector of a piece, by the parameters that it covers. */
const cut = (build: GraphBuilder, vector: Value, { parts }: Piece): readonly Value[] =>
  parts.length === 1 ? [vector] : build.emitAll('split', [vector], { axis: 0, lengths: parts.map((p) => p.length) });

/** Norms of each parameter and of its direction, from sums over the pieces. */
class ParameterNorms {
  readonly #squares = new Map<number, { readonly own: Value[]; readonly direction: Value[] }>();
  readonly #ratios = new Map<number, Value>();

  constructor(private readonly build: GraphBuilder) {}

  add(piece: Piece, directions: readonly Value[]): void {
    const { build } = this;
    const own = cut(build, piece.parameters, piece);
    const sum = (x: Value): Value => build.emit('reduce_sum', [square(build, x)], { axes: [0], keepdims: false });
    for (const [k, { parameter }] of piece.parts.entries()) {
      const squares = this.#squares.get(parameter) ?? { own: [], direction: [] };
      squares.own.push(sum(own[k] as Value));
      squares.direction.push(sum(directions[k] as Value));
      this.#squares.set(parameter, squares);
    }
  }

  /** |p| / |u|, or 1 where either is 0. */
  ratio(parameter: number): Value {
    const known = this.#ratios.get(parameter);
    if (known) return known;
    const { build } = this;
    const squares = this.#squares.get(parameter);
    if (!squares) throw new Error(`no piece covers parameter ${parameter}`);
    const norm = (sums: readonly Value[]): Value =>
      build.emit('sqrt', [sums.length === 1 ? (sums[0] as Value) : build.emit('add', sums)]);
    const [own, direction] = [norm(squares.own), norm(squares.direction)];
    const moves = positive(build, direction);
    const both = build.emit('mul', [moves, positive(build, own)]);
    // Where there is no direction, 0 / 1.
    const quotient = build.emit('div', [own, build.emit('add', [direction, scaled(build, moves, -1, 1)])]);
    const ratio = build.emit('add', [build.emit('mul', [both, quotient]), scaled(build, both, -1, 1)]);
    this.#ratios.set(parameter, ratio);
    return ratio;
  }
}
