import type { Value } from '../ir/graph.js';
import type { Settings, SettingValues } from '../knob.js';
import type { Tools } from './tools.js';

/** Everything about a loss. */
export interface LossDefinition<S extends Settings = Settings> {
  /** For editors: a sentence. */
  readonly doc: string;
  /** For the table of docs/language/train.md. */
  readonly summary: string;
  /** Arguments in the order in which they are written. */
  readonly settings: S;
  /** The activations of heads that it is for; on softmax some are meant only beside `cross_entropy`. */
  readonly on: {
    readonly sigmoid: boolean;
    readonly softmax: boolean | 'beside cross_entropy';
  };
  /** A scalar. */
  rule(tools: Tools, settings: SettingValues<S>): Value;
}

export const defineLoss = <const S extends Settings>(definition: LossDefinition<S>): LossDefinition<S> => definition;
