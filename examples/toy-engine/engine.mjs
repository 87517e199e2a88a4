// An engine is an object: a name, a status, and a predictor for inference graphs. This one interprets a graph node by node, in plain
// JavaScript, batch 1: slow, and enough to see what an engine is told. An operator it lacks is refused by name.
import { UserError } from 'unetc';

export const toyEngine = {
  name: 'toy',
  title: 'the toy engine',
  device: 'cpu',
  precision: 'fp32',
  deployRuntime: 'plain',
  status: async () => ({ available: true, devices: ['cpu'] }),
  async predictor(graph, weights) {
    const missing = graph.nodes.find((node) => !(node.op in kernels));
    if (missing) throw new UserError('toy-operator', `the toy engine has no ${missing.op} (${missing.origin.path})`);
    return { run: async (image) => evaluate(graph, weights, image), dispose: async () => {} };
  },
};

/** Runs every node in order: a graph is in static single assignment form, so a value is computed once and never changes. */
function evaluate(graph, weights, image) {
  const values = new Map([[graph.inputs[0].value.id, image]]);
  for (const param of graph.params) values.set(param.id, weights.get(param.origin.path));
  for (const { op, inputs, outputs, attrs } of graph.nodes) {
    values.set(outputs[0].id, kernels[op](attrs, ...inputs.map((value) => values.get(value.id))));
  }
  return new Map(graph.outputs.map(({ name, value }) => [name, values.get(value.id)]));
}

const map = (x, f) => ({ shape: x.shape, data: x.data.map(f) });
const both = (f) => (_, a, b) => ({ shape: a.shape, data: a.data.map((v, k) => f(v, b.data[k])) });
const zeros = (shape) => ({ shape, data: new Float32Array(shape.reduce((n, d) => n * d, 1)) });

const kernels = {
  relu: (_, x) => map(x, (v) => Math.max(v, 0)),
  sigmoid: (_, x) => map(x, (v) => 1 / (1 + Math.exp(-v))),
  affine: ({ scale, shift }, x) => map(x, (v) => v * scale + shift),
  add: (attrs, first, ...others) => others.reduce((sum, x) => both((a, b) => a + b)(attrs, sum, x), first),
  mean: (attrs, ...all) => map(kernels.add(attrs, ...all), (v) => v / all.length),

  batchnorm({ eps = 1e-5 }, x, gamma, beta, mean, variance) {
    const area = x.shape[2] * x.shape[3];
    return map(x, (v, k) => {
      const c = Math.floor(k / area);
      return ((v - mean.data[c]) / Math.sqrt(variance.data[c] + eps)) * gamma.data[c] + beta.data[c];
    });
  },

  /** Channels one after the other; of a batch of one they lie so already. */
  concat(_, ...all) {
    const [, , h, w] = all[0].shape;
    const y = zeros([1, all.reduce((n, x) => n + x.shape[1], 0), h, w]);
    let at = 0;
    for (const x of all) {
      y.data.set(x.data, at);
      at += x.data.length;
    }
    return y;
  },

  maxpool({ kernel = 2 }, x) {
    const s = [kernel].flat()[0];
    const [, c, h, w] = x.shape;
    const y = zeros([1, c, h / s, w / s]);
    y.data.fill(Number.NEGATIVE_INFINITY);
    for (let k = 0; k < x.data.length; k++) {
      const [col, row, plane] = [k % w, Math.floor(k / w) % h, Math.floor(k / w / h)];
      const to = (plane * (h / s) + Math.floor(row / s)) * (w / s) + Math.floor(col / s);
      y.data[to] = Math.max(y.data[to], x.data[k]);
    }
    return y;
  },

  upsample({ scale = 2 }, x) {
    const s = [scale].flat()[0];
    const [, c, h, w] = x.shape;
    const y = zeros([1, c, h * s, w * s]);
    for (let k = 0; k < y.data.length; k++) {
      const [col, row, plane] = [k % (w * s), Math.floor(k / (w * s)) % (h * s), Math.floor(k / (w * s) / (h * s))];
      y.data[k] = x.data[(plane * h + Math.floor(row / s)) * w + Math.floor(col / s)];
    }
    return y;
  },

  /** Stride 1, padding `same`; a kernel of odd size. */
  conv(_, x, weight, bias) {
    const [, inputs, h, w] = x.shape;
    const [outputs, , kh, kw] = weight.shape;
    const y = zeros([1, outputs, h, w]);
    for (let o = 0; o < outputs; o++) {
      for (let row = 0; row < h; row++) {
        for (let col = 0; col < w; col++) {
          let sum = bias ? bias.data[o] : 0;
          for (let i = 0; i < inputs; i++) {
            for (let dy = 0; dy < kh; dy++) {
              for (let dx = 0; dx < kw; dx++) {
                const [r, q] = [row + dy - (kh >> 1), col + dx - (kw >> 1)];
                if (r < 0 || q < 0 || r >= h || q >= w) continue;
                sum += weight.data[((o * inputs + i) * kh + dy) * kw + dx] * x.data[(i * h + r) * w + q];
              }
            }
          }
          y.data[(o * h + row) * w + col] = sum;
        }
      }
    }
    return y;
  },
};
