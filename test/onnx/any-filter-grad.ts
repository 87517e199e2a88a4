import fc from 'fast-check';
import { LoweringContext } from '../../compiler/5-emit/onnx/lowering.js';
import type { Node } from '../../compiler/ir/graph.js';
import { resolveWindow, type Window } from '../../compiler/ops/spatial.js';
import { kernels } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { oneOperator, rounded } from '../ops/build.js';
import { type Draw, drawFrom } from '../ops/draw.js';
import { expectClose, runModel, withModel } from './run.js';

/** One way to write a filter gradient of `shape`. */
export interface Way {
  /** The choice in words, for a counterexample. */
  readonly chosen: object;
  readonly write: (to: LoweringContext, shape: readonly number[], window: Window) => string;
}

/**
 * Holds a way of writing filter gradients against the reference, in ONNX Runtime: 300 windows of one to three dimensions, dilated and padded
 * at most as far as they reach, over images of a few positions.
 * @param most the largest stride
 * @param way draws what there is to choose; null where it can't write such a window
 */
export async function expectFilterGradients(most: number, way: (d: Draw, window: Window) => Way | null): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const d = drawFrom(g);
      const rank = d.int(1, 3);
      const kernel = d.ints(rank, 1, rank === 3 ? 2 : 3);
      const dilation = d.ints(rank, 1, 2);
      const stride = d.ints(rank, 1, most);
      const reach = kernel.map((k, i) => dilation[i]! * (k - 1));
      const padding = [...reach.map((r) => d.int(0, r)), ...reach.map((r) => d.int(0, r))];
      const [n, channels, outChannels] = [d.int(1, 2), d.int(1, 3), d.int(1, 3)];
      const space = reach.map((r) => r + d.int(1, 3));
      const out = space.map(
        (s, i) => Math.floor((s + padding[i]! + padding[i + rank]! - reach[i]! - 1) / stride[i]!) + 1,
      );
      const shape = [outChannels, channels, ...kernel];
      const attrs = { channels: outChannels, kernel, stride, dilation, padding, shape };
      const window = resolveWindow(attrs, rank);
      const chosen = way(d, window);
      fc.pre(chosen !== null && out.reduce((a, b) => a * b, n * outChannels) < 400);
      const inputs = [rounded(d.tensor([n, channels, ...space])), rounded(d.tensor([n, outChannels, ...out]))];
      const due = kernels.conv_filter_grad(attrs, inputs)[0]!;
      const { graph, feeds } = oneOperator('conv_filter_grad', { attrs, inputs });
      const model = withModel(graph, (builder) => {
        const pools = { wanted: new Set<number>(), names: new Map<number, string>() };
        const to = new LoweringContext(graph.nodes[0] as Node, ['x0', 'x1'], builder, pools);
        return chosen!.write(to, shape, window);
      });
      const got = await runModel(model, graph, feeds);
      expectClose(got.get('y0')!, due, JSON.stringify({ ...attrs, ...chosen!.chosen, space }));
    }),
    cases(300),
  );
}
