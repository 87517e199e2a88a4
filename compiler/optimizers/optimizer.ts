import type { GraphBuilder } from '../ir/builder.js';
import type { Value } from '../ir/graph.js';
import type { Settings, SettingValues } from '../knob.js';

/** A stretch of the flat state: every value is a vector of its length. */
export interface Piece {
  readonly parameters: Value;
  readonly slots: readonly Value[];
  readonly gradient: Value;
  /** The parameters that it covers, in order, by index, with the elements it has of each; a long parameter may span pieces. */
  readonly parts: readonly { readonly parameter: number; readonly length: number }[];
}

/** Scalars that every piece shares: the learning rate, and the step, counted from 1. */
export interface Clock {
  readonly lr: Value;
  readonly step: Value;
}

/** A piece after the step. */
export interface Updated {
  readonly parameters: Value;
  readonly slots: readonly Value[];
}

/** Everything about an optimizer. */
export interface OptimizerDefinition<S extends Settings = Settings> {
  /** For editors: a sentence. */
  readonly doc: string;
  /** For the table of docs/language/train.md. */
  readonly summary: string;
  /** Arguments by field, in the order in which they are written. */
  readonly settings: S;
  /** The flat vectors that it keeps between steps, each as long as the parameters and zero at first. */
  slots(settings: SettingValues<S>): readonly string[];
  /**
   * One step of every piece, in order. **The last node that makes a slot's or the parameters' next value must depend on every other node that
   * reads the piece's old one**: an engine may write it over the old one (test/compiler/chunked-step.test.ts checks each optimizer).
   */
  update(settings: SettingValues<S>, pieces: Iterable<Piece>, clock: Clock, build: GraphBuilder): Iterable<Updated>;
}

export const defineOptimizer = <const S extends Settings & { readonly lr: Settings[string] }>(
  definition: OptimizerDefinition<S>,
): OptimizerDefinition<S> => definition;

/** An update that needs no more of the state than the piece itself. */
export const pieceByPiece = <S>(
  rule: (settings: S, piece: Piece, clock: Clock, build: GraphBuilder) => readonly Value[],
) =>
  function* (settings: S, pieces: Iterable<Piece>, clock: Clock, build: GraphBuilder): Generator<Updated> {
    for (const piece of pieces) {
      const [parameters, ...slots] = rule(settings, piece, clock, build);
      yield { parameters: parameters as Value, slots };
    }
  };
