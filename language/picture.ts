import { type Format, pictureOf, renderers, type Theme, tooLargeToDraw } from '../compiler/5-emit/drawing/index.js';
import type { Analysis } from './analysis.js';
import { referenceSize } from './facts.js';

/** The network as `unetc draw` draws it, MACs counted at the recipe's size; null while it has errors, or if it is too large. */
export function picture({ analyzed }: Analysis, format: Format = 'svg', theme: Theme = 'auto'): string | null {
  const { network, recipe } = analyzed;
  const size = network && referenceSize(network, recipe.resize ?? recipe.patch);
  return network && size && tooLargeToDraw(network) === null
    ? renderers[format](pictureOf(network, { sizes: size.sizes }), { theme })
    : null;
}
