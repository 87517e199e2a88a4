import type { Graph, Node } from '../ir/graph.js';
import { dependencies } from './dependencies.js';

/**
 * The order in which one result after the other is computed, from the last written to the first, with only the values it depends on;
 * of what a node reads, what was written last goes first. It is how ONNX Runtime orders a graph by itself (`ReverseDFSFrom` in
 * graph.cc, a stack onto which inputs go by rising index), so that it is also what a file written in the order of `graph` runs in.
 * It suits nested networks: a gradient's branch ends, in its parameter's gradient, before the next begins.
 */
export function depthFirstOrder(graph: Graph): Node[] {
  const { nodes } = graph;
  const { makers, readers } = dependencies(nodes);
  const order: Node[] = [];
  const seen = new Uint8Array(nodes.length);
  const stack: { readonly node: number; readonly leave: boolean }[] = [];
  nodes.forEach((_, k) => {
    if (readers[k]?.length === 0) stack.push({ node: k, leave: false });
  });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, leave } = top;
    if (leave) {
      order.push(nodes[node] as Node);
      continue;
    }
    if (seen[node]) continue;
    seen[node] = 1;
    stack.push({ node, leave: true });
    for (const p of [...(makers[node] ?? [])].sort((a, b) => a - b)) {
      if (!seen[p]) stack.push({ node: p, leave: false });
    }
  }
  return order;
}
