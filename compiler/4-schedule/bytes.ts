import { known } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';

const width = { f32: 4, bf16: 2, f16: 2, i64: 8, i8: 1, i32: 4 } as const;

/** Bytes of a value of known shape. */
export const bytesOf = (v: Value): number => v.type.shape.reduce<number>((n, d) => n * known(d), width[v.type.dtype]);
