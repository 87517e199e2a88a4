import { GraphBuilder, nextId } from '../ir/builder.js';
import type { Graph, Value } from '../ir/graph.js';
import { decompositionOf } from '../ops/index.js';

/**
 * Composed operators written as the operators they are made of. Their results keep their ids; a graph without any is returned as it is.
 */
export function decompose(graph: Graph): Graph {
  if (!graph.nodes.some((n) => decompositionOf(n.op))) return graph;
  const nodes: Graph['nodes'][number][] = [];
  let id = nextId(graph);
  for (const node of graph.nodes) {
    const write = decompositionOf(node.op);
    if (!write) {
      nodes.push(node);
      continue;
    }
    const build = new GraphBuilder(id, node.origin);
    const result = write(build, node.inputs[0] as Value, node.attrs);
    id += build.nodes.length;
    // Layers are named by their paths: parts get their own, the result keeps the operator's.
    for (const [k, part] of build.nodes.entries()) {
      const last = part.outputs[0]?.id === result.id;
      const path = `${node.origin.path}.${part.op}${k + 1}`;
      nodes.push(last ? { ...part, outputs: node.outputs } : { ...part, origin: { ...node.origin, path } });
    }
  }
  return { ...graph, nodes };
}
