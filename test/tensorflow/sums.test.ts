import { expect, test } from 'vitest';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { tensor } from '../../testing/reference/index.js';
import { installed } from './installed.js';
import { runTensorFlow } from './run.js';

test.runIf(installed)(
  'a sum is taken from the left, whichever of its inputs TensorFlow could write it into',
  async () => {
    const size = 64;
    const build = new GraphBuilder(0, { path: 'y', span: nowhere });
    // TensorFlow rewrites only what it knows the size of, and of what is fed it knows none: hence the slices.
    const fed = [0, 1, 2].map(() => build.value({ dtype: 'f32', shape: [num(size + 1)] }));
    const [x, small, twice] = fed.map((v) => build.emit('slice', [v], { axis: 0, start: 1, length: size }));
    const negated = build.emit('leaky_relu', [twice!], { slope: 0.5 });
    // What is asked for stays as it is written; a sum that something else reads is TensorFlow's own to write anew.
    const y = build.emit('relu', [build.emit('add', [x!, small!, negated])]);
    const inputs = fed.map((value, k) => ({ name: `x${k}`, value }));
    const graph = { inputs, params: [], nodes: build.nodes, outputs: [{ name: 'y', value: y }] };
    const feeds = new Map(
      [1, 2 ** -24, -2].map((v, k) => [`x${k}`, tensor([size + 1], new Float64Array(size + 1).fill(v))]),
    );
    // 1 + 2^-24 is 1 in single precision; beginning with -1, which nobody else reads, 2^-24 would be left.
    const found = (await runTensorFlow(graph, feeds)).get('y');
    expect(Array.from(found!.data)).toEqual(new Array(size).fill(0));
  },
);
