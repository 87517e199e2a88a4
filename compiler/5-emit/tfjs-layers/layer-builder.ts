import { layerName } from './names.js';

export type ConfigValue = number | boolean | string | null | readonly ConfigValue[];
export type LayerConfig = Readonly<Record<string, ConfigValue>>;

/** A weight of a layer, in the layer's own layout and under the name that Keras gives it: `kernel`, `moving_mean`. */
export interface LayerWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One layer of the functional model. */
export interface Layer {
  /** Keras' name of its class: `Conv2D`. */
  readonly className: string;
  readonly name: string;
  readonly config: LayerConfig;
  /** Names of the layers it is called on. */
  readonly inputs: readonly string[];
  readonly weights: readonly LayerWeight[];
}

/** Appends layers to a model; every name is unique. */
export class LayerBuilder {
  readonly layers: Layer[] = [];
  readonly #names = new Set<string>();

  /** Appends a layer named after `path`; returns its name. */
  add(
    path: string,
    className: string,
    inputs: readonly string[],
    config: LayerConfig,
    weights: readonly LayerWeight[] = [],
  ): string {
    const name = this.#unique(layerName(path));
    this.layers.push({ className, name, config, inputs, weights });
    return name;
  }

  #unique(name: string): string {
    let free = name;
    for (let k = 1; this.#names.has(free); k++) free = `${name}-${k}`;
    this.#names.add(free);
    return free;
  }
}
