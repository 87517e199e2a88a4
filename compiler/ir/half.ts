/** The largest finite float16. */
export const largestHalf = 65504;

/** From here down a float16 has ever fewer than 11 bits; below 2^-25 it is 0. */
export const smallestHalf = 2 ** -14;

/**
 * Floats as the bits of the nearest float16 (IEEE 754 binary16), ties to even; from 65520 on infinity. In integer arithmetic, since
 * Node 20 has no Float16Array.
 */
export function halfBits(numbers: Float32Array): Uint16Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const out = new Uint16Array(numbers.length);
  for (let i = 0; i < out.length; i++) {
    const word = bits[i] as number;
    out[i] = ((word >>> 16) & 0x8000) | magnitude(word & 0x7fffffff);
  }
  return out;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Of a float's bits without its sign. */
function magnitude(word: number): number {
  if (word > 0x7f800000) return 0x7e00;
  // Also where rounding makes 65536 of it.
  if (word >= 0x477ff000) return 0x7c00;
  if (word >= 0x38800000) return (word - 0x38000000 + 0xfff + ((word >>> 13) & 1)) >>> 13;
  // Next to 0.5 floats are 2^-24 apart, as the smallest halves are: adding rounds as it should.
  scratchBits[0] = word;
  scratch[0] = (scratch[0] as number) + 0.5;
  return (scratchBits[0] as number) - 0x3f000000;
}
