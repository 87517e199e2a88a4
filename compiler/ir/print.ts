import { printShape } from './dim.js';
import type { Graph, Value } from './graph.js';

/** The graph as text, a line a node: what `plan --debug` shows and what tests compare. */
export function printGraph(graph: Graph): string {
  const name = (v: Value) => `%${v.id}`;
  const typed = (v: Value) => `${name(v)}: ${v.type.dtype}${printShape(v.type.shape)}`;
  const lines = [
    ...graph.inputs.map((i) => `input ${i.name} ${typed(i.value)}`),
    ...graph.params.map((p) => `param ${p.origin.path} ${typed(p)}`),
    ...graph.nodes.map((n) => {
      const attrs = Object.entries(n.attrs).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
      const list = attrs.length ? ` {${attrs.join(', ')}}` : '';
      return `${n.outputs.map(typed).join(', ')} = ${n.op}(${n.inputs.map(name).join(', ')})${list}  ; ${n.origin.path}`;
    }),
    ...graph.outputs.map((o) => `output ${o.name} ${typed(o.value)}`),
  ];
  return `${lines.join('\n')}\n`;
}
