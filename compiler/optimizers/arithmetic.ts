import type { GraphBuilder } from '../ir/builder.js';
import type { Value } from '../ir/graph.js';

/** What update rules are written in. */

export const scaled = (build: GraphBuilder, x: Value, scale: number, shift = 0): Value =>
  scale === 1 && shift === 0 ? x : build.emit('affine', [x], { scale, shift });

/** share * old + (1 - share) * fresh */
export const average = (build: GraphBuilder, old: Value, fresh: Value, share: number): Value =>
  build.emit('add', [scaled(build, old, share), scaled(build, fresh, 1 - share)]);

/** gradient + decay * parameters: an L2 penalty. */
export const penalized = (build: GraphBuilder, gradient: Value, parameters: Value, decay: number): Value =>
  decay === 0 ? gradient : build.emit('add', [gradient, scaled(build, parameters, decay)]);

export const square = (build: GraphBuilder, x: Value): Value => build.emit('mul', [x, x]);

/** parameters - rate * direction */
export const moved = (build: GraphBuilder, parameters: Value, rate: Value, direction: Value): Value =>
  build.emit('sub', [parameters, build.emit('mul', [direction, rate])]);

const zero = (build: GraphBuilder): Value => build.emit('constant', [], { value: 0, shape: [] });

/** 1 where x > 0, else 0. */
export const positive = (build: GraphBuilder, x: Value): Value => build.emit('greater', [x, zero(build)]);

/** -1, 0 or 1. */
export const sign = (build: GraphBuilder, x: Value): Value =>
  build.emit('sub', [positive(build, x), build.emit('greater', [zero(build), x])]);

/** 1 - beta^step, exact to rounding also where beta^step is near 1: 1 - e^x = -tanh(x / 2) (e^x + 1). */
export function biasCorrection(build: GraphBuilder, step: Value, beta: number): Value {
  // log(0) would make 0 * infinity of the first factor; of 0 the power is 0 at every step.
  if (beta === 0) return build.emit('constant', [], { value: 1, shape: [] });
  const exponent = scaled(build, step, Math.log(beta));
  const tangent = build.emit('tanh', [scaled(build, exponent, -0.5)]);
  return build.emit('mul', [tangent, scaled(build, build.emit('exp', [exponent]), 1, 1)]);
}
