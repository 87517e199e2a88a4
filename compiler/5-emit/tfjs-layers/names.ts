/**
 * A path of the spec as the name of a layer: `X[0,1].conv1` is `X-0-1.conv1`. A layer's weights are variables named
 * `<layer>/kernel`, and TensorFlow.js takes variable names of letters, digits and `- . _ /` only, the first a letter or
 * a digit; so brackets and commas become hyphens, which no name of a spec contains, and layers without weights are
 * named the same way.
 */
export function layerName(path: string): string {
  const name = path.replaceAll(/[[,]/g, '-').replaceAll(/[^-A-Za-z0-9._/]/g, '');
  return /^[A-Za-z0-9]/.test(name) ? name : `0${name}`;
}
