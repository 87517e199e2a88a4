/** What emitters share. */

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Every index into a box, row-major. */
export function indices(box: readonly number[]): number[][] {
  return box.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}
