import type { Graph, Init } from '../ir/graph.js';

/** A named stretch of a flat arena: `X[0,1].conv1.weight` is a view, not a tensor of its own. */
export interface ArenaSlot {
  readonly path: string;
  /** In elements. */
  readonly offset: number;
  readonly length: number;
  readonly shape: readonly number[];
  readonly init: Init;
}

export interface Arena {
  /** In elements. */
  readonly length: number;
  readonly slots: readonly ArenaSlot[];
}

/**
 * One training step as one graph with every shape a number.
 *
 * Inputs, by name: `image` [B, C, ...size] f32; `target` [B, K, ...size] f32 (a mask a channel; one-hot under cross entropy);
 * `parameters` [P]; one [P] for each of `slots` (adam: `m`, `v`; sgd: `momentum`); `statistics` [S] (absent if S = 0);
 * `lr` [] f32; `step` [] f32, counted from 1; `seed` [] i64 (only if the network drops out).
 * Outputs: `loss` []; `head_losses` [heads]; `gradient_norm` []; and `parameters_next`, `<slot>_next`, `statistics_next`.
 */
export interface TrainingPlan {
  readonly graph: Graph;
  readonly batch: number;
  readonly imageShape: readonly number[];
  readonly targetShape: readonly number[];
  readonly parameters: Arena;
  readonly statistics: Arena;
  readonly slots: readonly string[];
  /** Head names in the order of `head_losses`. */
  readonly heads: readonly string[];
}
