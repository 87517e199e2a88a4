import { known } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';

/** Bytes of a value of known shape. */
export const bytesOf = (v: Value): number =>
  v.type.shape.reduce((n, d) => n * known(d), v.type.dtype === 'i64' ? 8 : 4);
