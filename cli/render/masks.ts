import type { Dataset } from '../../runtime/data/index.js';
import type { Io } from '../io.js';

/** Says once how the masks of a folder are read, and what is strange about them. */
export function sayMasks({ masks }: Dataset, io: Io): void {
  io.err(`${masks.summary}\n`);
  for (const warning of masks.warnings) io.err(`warning: ${warning}\n`);
}
