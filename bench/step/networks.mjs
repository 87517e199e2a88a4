// The networks whose step is timed, as both sides are told them: ours as a spec, PyTorch's by arguments of torch/step.py.
import { readFileSync } from 'node:fs';

/** How a map climbs to the row above. */
const up = {
  nearest: 'upsample(2, mode: nearest)',
  bilinear: 'upsample(2, mode: linear, align_corners: true)',
  deconv: 'conv_transpose(width[i], kernel: 2, stride: 2)',
};

/** By name; all with batch norm, colour images, binary cross entropy on each head and Adam. */
export const networks = {
  'unetpp-128': { family: 'unetpp', width: [16, 32, 64, 128, 256], up: 'nearest', size: 128, batch: 4 },
  'unetpp-96': { family: 'unetpp', width: [16, 32, 64, 128, 256], up: 'nearest', size: 96, batch: 16 },
  // 36.6 million weights.
  'unetpp-article': { family: 'unetpp', width: [64, 128, 256, 512, 1024], up: 'nearest', size: 128, batch: 2 },
  'unet-256': { family: 'unet', width: [32, 64, 128, 256, 512], up: 'deconv', size: 256, batch: 2 },
  'unetpp-256': { family: 'unetpp', width: [32, 64, 128, 256, 512], up: 'nearest', size: 256, batch: 2 },
  'unetpp-alone': { family: 'unetpp', width: [16, 32, 64, 128, 256], up: 'nearest', size: 128, batch: 1 },
  'unetpp-deconv': { family: 'unetpp', width: [16, 32, 64, 128, 256], up: 'deconv', size: 128, batch: 4 },
  // Of specs/, with a way up of their own.
  'attention-unet': { family: 'attention-unet', width: [16, 32, 64, 128, 256], size: 160, batch: 4 },
  unet3plus: { family: 'unet3plus', width: [16, 32, 64, 128, 256], size: 128, batch: 4 },
  resunet: { family: 'resunet', width: [32, 64, 128, 256], size: 192, batch: 4 },
};

const grids = {
  unetpp: (climb) => `
  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> ${climb}) |> Conv2(width[i])
  }
  head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)`,
  unet: (climb) => `
  grid X[i in 0..depth, j in 0..1] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, 1] when i == depth = X[i, 0]
    X[i, 1] = concat(X[i, 0], X[i+1, 1] |> ${climb}) |> Conv2(width[i])
  }
  head S = X[0, 1] |> conv(1, kernel: 1) |> sigmoid
  output mask = S`,
};

const train = `
train {
  loss = bce
  optimizer = adam(lr: 1e-3)
}
`;

const gridSpec = (family, width, way) => `
network Step {
  param width = [${width}]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) {
    x |> conv(c, kernel: 3) |> batchnorm |> relu
      |> conv(c, kernel: 3) |> batchnorm |> relu
  }
${grids[family](up[way])}
}
${train}`;

/** A preset with its recipe taken off. */
const preset = (family) =>
  `${readFileSync(new URL(`../../specs/${family}.unet`, import.meta.url), 'utf8').replace(/^train {[\s\S]*/m, '')}${train}`;

/** What `load` takes: the text, and the widths set in it. */
export function specOf({ family, width, up: way }) {
  const text = family in grids ? gridSpec(family, width, way) : preset(family);
  return [text, { set: { width: `[${width}]` } }];
}

/** Throws, with what there is, for a network that there isn't. */
export function networkOf(name, changes) {
  const network = networks[name];
  if (!network) throw new Error(`there is no network ${name}: use ${Object.keys(networks).join(', ')}`);
  const changed = { ...network, ...changes };
  if (changed.family in grids && !(changed.up in up))
    throw new Error(`there is no way up ${changed.up}: use ${Object.keys(up).join(', ')}`);
  return changed;
}
