// A preset at a size, as the engines get it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from '../../dist/compiler/index.js';

const specs = fileURLToPath(new URL('../../specs/', import.meta.url));

export const presets = readdirSync(specs)
  .filter((f) => f.endsWith('.unet'))
  .map((f) => f.replace('.unet', ''))
  .sort();

/** @param edge of each spatial dimension; in 3-D about a quarter of it, a multiple of 16 */
export function loadPreset(name, edge, batch) {
  const { network, recipe } = load(readFileSync(`${specs}${name}.unet`, 'utf8'));
  const dims = network.graph.inputs[0].value.type.shape.slice(2);
  const size = dims.map(() => (dims.length === 3 ? 16 * Math.max(1, Math.round(edge / 64)) : edge));
  const sizes = Object.fromEntries([['N', batch], ...dims.map((d, k) => [d.symbol, size[k]])]);
  return { network, recipe, size, sizes, batch };
}
