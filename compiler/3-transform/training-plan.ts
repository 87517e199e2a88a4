import type { Graph, Init, Node, Origin, Value } from '../ir/graph.js';
import type { Optimizer } from '../optimizers/index.js';

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

/** What a network's losses are differentiated into, from which steps are built; not simplified yet. Values keep their ids in later passes. */
export interface Differentiated {
  /** Forward, losses, backward, in order. */
  readonly nodes: readonly Node[];
  /** What `nextStatistics` needs beyond them. */
  readonly statisticsNodes: readonly Node[];
  /** Ids of values that a step adds start here. */
  readonly nextId: number;
  /** Of what belongs to no layer. */
  readonly origin: Origin;
  /** `parameters` and `statistics` are whole arenas; `seed` is used only if the network drops out. */
  readonly inputs: {
    readonly image: Value;
    readonly target: Value;
    readonly parameters: Value;
    readonly statistics: Value;
    readonly seed: Value;
  };
  /** [] */
  readonly loss: Value;
  /** [heads] */
  readonly headLosses: Value;
  /** A vector for each slot of the parameters' arena, in its order. */
  readonly gradients: readonly Value[];
  /** The whole arena of statistics after the step; undefined if it is empty. */
  readonly nextStatistics: Value | undefined;
  readonly arenas: { readonly parameters: Arena; readonly statistics: Arena };
  readonly batch: number;
  /** Head names in the order of `headLosses`. */
  readonly heads: readonly string[];
}

/** The output of a step that holds the next value of a vector of its state, or of a piece of one. */
export const written = (name: string): string => `${name}_next`;

/**
 * One training step as one graph with every shape a number.
 *
 * Inputs, by name: `image` [B, C, ...size] f32; `target` [B, K, ...size] f32 (a mask a channel; one-hot under cross entropy; -1 in every channel of a
 * pixel that is ignored, where the recipe has `ignore`);
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
  readonly optimizer: Optimizer;
  /** Largest norm of all gradients; absent: no clipping. */
  readonly clip?: number;
  /** What the step was built from, in the values of `graph`. */
  readonly differentiated: Differentiated;
}
