import { lowerPrecision } from '../../dist/compiler/index.js';
import { GraphBuilder, nextId } from '../../dist/compiler/ir/builder.js';

/**
 * A graph in f32 that rounds wherever a GPU stores a float16, sums in f32: each value that `lowerPrecision` puts in f16 goes through two casts.
 * ONNX Runtime takes casts of its own out on a CPU, but not those that a file has, since they round.
 */
export function emulated(graph) {
  const low = lowerPrecision(graph, 'f16');
  const build = new GraphBuilder(nextId(low), low.nodes[0].origin);
  const now = new Map();
  const current = (v) => now.get(v.id) ?? v;
  const rounded = (v) => build.emit('cast', [build.emit('cast', [v], { to: 'f16' })], { to: 'f32' });
  for (const node of low.nodes) {
    build.from(node.origin);
    const inputs = node.inputs.map(current);
    if (node.op === 'cast') {
      now.set(node.outputs[0].id, node.attrs.to === 'f16' ? rounded(inputs[0]) : inputs[0]);
      continue;
    }
    const outputs = build.emitAll(node.op, inputs, node.attrs);
    for (const [k, v] of node.outputs.entries())
      now.set(v.id, v.type.dtype === 'f16' ? rounded(outputs[k]) : outputs[k]);
  }
  return {
    ...low,
    nodes: build.nodes,
    outputs: low.outputs.map(({ name, value }) => ({ name, value: current(value) })),
  };
}
