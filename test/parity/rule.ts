/** `count` numbers in [0, 1) from a name: FNV-1a, a step of the golden ratio each, murmur3's finalizer. As record_presets.py. */
export function uniform(name: string, count: number): Float64Array {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 0x01000193);
  return Float64Array.from({ length: count }, (_, k) => {
    let x = (h + Math.imul(k + 1, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  });
}

/** A parameter's numbers, made from its path alone; record_presets.py's `rule` makes the same. */
export function ruleFor(path: string, shape: readonly number[]): Float32Array {
  const values = uniform(
    path,
    shape.reduce((a, b) => a * b, 1),
  );
  return Float32Array.from(values, rescale(path, shape));
}

function rescale(path: string, shape: readonly number[]): (u: number) => number {
  if (path.endsWith('running_var')) return (u) => 0.5 + u;
  if (shape.length > 1) {
    const transposed = path.split('.').at(-2)?.startsWith('conv_transpose') ?? false;
    const fanIn = transposed ? shape[0]! : shape.slice(1).reduce((a, b) => a * b, 1);
    const reach = Math.sqrt(6 / fanIn);
    return (u) => (2 * u - 1) * reach;
  }
  return path.endsWith('weight') ? (u) => 0.8 + 0.4 * u : (u) => 0.4 * u - 0.2;
}
