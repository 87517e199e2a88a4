import type { GraphBuilder } from '../../ir/builder.js';
import type { Attrs, Node, Value } from '../../ir/graph.js';
import type { Window } from '../../ops/spatial.js';

/** A convolution over some of the channels that another one read. */
export interface Product {
  readonly op: 'conv' | 'conv_transpose';
  readonly image: Value;
  readonly kernel: Value;
  /** But for `bias`. */
  readonly attrs: Attrs;
}

/** Of the transposed convolution that is upsample by `scale` and then `node`, whose window is `window` (ops/upsample-kernel.ts). */
export function transposedAttrs(node: Node, window: Window, scale: readonly number[]): Attrs {
  const kernel = window.kernel.map((size, i) => size + (scale[i] as number) - 1);
  const crop = [window.begin, window.end].flatMap((side) => side.map((p, i) => (window.kernel[i] as number) - 1 - p));
  return { channels: node.attrs.channels as number, kernel, stride: scale, padding: crop };
}

/** Writes a convolution as the sum of products, whose result keeps its name; the first product is given its bias. */
export function writeSum(node: Node, products: readonly Product[], build: GraphBuilder): void {
  const { origin, outputs } = node;
  const terms = products.map(({ op, image, kernel, attrs }, k): Omit<Node, 'outputs'> => {
    const bias = k === 0 ? node.inputs.slice(2) : [];
    return { op, attrs: { ...attrs, bias: bias.length > 0 }, inputs: [image, kernel, ...bias], origin };
  });
  const [only, ...others] = terms;
  if (only && others.length === 0) {
    build.carry({ ...only, outputs }, only.inputs);
    return;
  }
  const values = terms.map(({ op, inputs, attrs }) => build.emit(op, inputs, attrs));
  build.carry({ op: 'add', attrs: {}, inputs: values, outputs, origin }, values);
}
