import { stream } from '../../compiler/random.js';
import type { SampleFiles } from './layouts/index.js';

/**
 * A seeded share of whole groups: pictures of one patient or slide are alike, and on both sides of a split they would make
 * a network look better than it is. Groups are held out in the order of their own draws until the share is reached; one
 * group at least is left to train on. A sample without a group is one of its own.
 *
 * @returns rows held out; null where no sample has a group
 */
export function heldGroups(samples: readonly SampleFiles[], holdout: number, seed: number): Set<number> | null {
  if (!samples.some(({ group }) => group !== undefined)) return null;
  const rows = new Map<string, number[]>();
  for (const [row, { id, group }] of samples.entries()) {
    // A sample's id could be another's group.
    const key = group === undefined ? `sample ${id}` : `group ${group}`;
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  const draws = [...rows].map(([key, members]) => ({ key, members, draw: stream(seed, 'split', key).uint32() }));
  draws.sort((a, b) => a.draw - b.draw || (a.key < b.key ? -1 : 1));
  const held = new Set<number>();
  const wanted = Math.max(1, Math.round(holdout * samples.length));
  for (const { members } of draws.slice(0, -1)) {
    if (held.size >= wanted) break;
    for (const row of members) held.add(row);
  }
  return held;
}
