// Below which no order of a graph can go: what is alive at a node in every order is what its ancestors (or it) make and its descendants (or it) read.
import { bytesOf } from '../../dist/compiler/4-schedule/bytes.js';
import { dependencies } from '../../dist/compiler/4-schedule/dependencies.js';
import { isInPlace, isView } from '../../dist/compiler/4-schedule/liveness.js';

/** @returns bytes that some step of every order of the graph holds */
export function lowerBound(graph) {
  const { nodes } = graph;
  const { readers } = dependencies(nodes);
  const words = Math.ceil(nodes.length / 32);
  const below = nodes.map(() => new Uint32Array(words));
  for (let k = nodes.length - 1; k >= 0; k--) {
    below[k][k >> 5] |= 1 << (k & 31);
    for (const r of readers[k]) for (let w = 0; w < words; w++) below[k][w] |= below[r][w];
  }
  const reaches = (from, to) => (below[from][to >> 5] >>> (to & 31)) & 1;
  const outputs = new Set(graph.outputs.map((o) => o.value.id));
  const held = new Float64Array(nodes.length);
  const largestInput = new Float64Array(nodes.length);
  for (const [made, node] of nodes.entries()) {
    if (isView(node)) continue;
    for (const value of node.outputs) {
      const bytes = bytesOf(value);
      // Who reads it, by itself or through views.
      const uses = nodes.flatMap((n, k) => (n.inputs.some((v) => v.id === value.id) ? [k] : []));
      for (const use of uses) {
        if (!isView(nodes[use])) continue;
        if (outputs.has(nodes[use].outputs[0].id)) outputs.add(value.id);
        uses.push(...readers[use]);
      }
      for (let at = made; at < nodes.length; at++) {
        if (!reaches(made, at)) continue;
        if (!(at === made || outputs.has(value.id) || uses.some((u) => reaches(at, u)))) continue;
        held[at] += bytes;
        if (uses.includes(at)) largestInput[at] = Math.max(largestInput[at], bytes);
      }
    }
  }
  // What may be written over an input counts once.
  for (const [k, node] of nodes.entries()) {
    if (isInPlace(node) && largestInput[k] > 0) held[k] -= Math.min(largestInput[k], bytesOf(node.outputs[0]));
  }
  return held.reduce((a, b) => Math.max(a, b), 0);
}
