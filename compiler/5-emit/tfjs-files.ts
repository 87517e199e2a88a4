/** TensorFlow.js' own limit on a file of weights: what browsers cache. */
export const shardBytes = 4 * 1024 * 1024;

/** Weights one after another, cut into `group1-shard1of2.bin`, ...: their names in order, and the files by name. */
export function cutWeights(weights: readonly Uint8Array[]): {
  readonly paths: readonly string[];
  readonly files: ReadonlyMap<string, Uint8Array>;
} {
  const all = new Uint8Array(weights.reduce((n, w) => n + w.byteLength, 0));
  let at = 0;
  for (const w of weights) {
    all.set(w, at);
    at += w.byteLength;
  }
  const count = Math.ceil(all.length / shardBytes);
  const paths = Array.from({ length: count }, (_, k) => `group1-shard${k + 1}of${count}.bin`);
  return { paths, files: new Map(paths.map((path, k) => [path, all.subarray(k * shardBytes, (k + 1) * shardBytes)])) };
}
