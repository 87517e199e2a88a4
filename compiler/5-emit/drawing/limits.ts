import type { Network } from '../../ir/graph.js';
import { grouped } from './picture/picture.js';

/**
 * Beyond this many links a path for each that avoids all others would take minutes, and the lines are too many to follow anyway: boxes
 * keep their places and sizes, and links are drawn the shortest way.
 */
export const mostRouted = 200;

/** What is drawn at all. The work for a picture grows with the product of some of these. */
const most = { nodes: 5_000, connections: 20_000, kept: 250_000 };

/** Why there is no picture of a network, in words; null: it can be drawn. */
export function tooLargeToDraw({ graph, levels }: Network): string | null {
  const nodes = graph.nodes.length;
  if (nodes > most.nodes) return `it has ${grouped(nodes)} operators, and at most ${grouped(most.nodes)} are drawn`;
  const connections = graph.nodes.reduce((sum, n) => sum + n.inputs.length, 0);
  if (connections > most.connections)
    return `its operators have ${grouped(connections)} inputs, and at most ${grouped(most.connections)} are drawn`;
  if (nodes * levels.length > most.kept)
    return `it has ${grouped(nodes)} operators at ${grouped(levels.length)} levels, and at most ${grouped(most.kept)} of both together are drawn`;
  return null;
}
