import { stream } from '../../../compiler/random.js';

/** A small network to be timed: how it is written, and at which size. */
export interface Case {
  readonly name: string;
  readonly spec: string;
  readonly batch: number;
  /** Spatial. */
  readonly size: readonly number[];
}

type Purpose = 'predict' | 'train';

const axes = ['H', 'W', 'D'];

function chain(body: string, channels: number, size: readonly number[], batch = 1): Case {
  const spec = `network Probe {
  input image: f32[N, ${channels}, ${axes.slice(0, size.length).join(', ')}]
  head S = image |> ${body} |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}
train { loss = bce  optimizer = adam(lr: 1e-3)  batch = ${batch}  epochs = 1 }
`;
  return { name: `${channels} |> ${body}, ${size.join('x')} x ${batch}`, spec, batch, size };
}

const square = (n: number): readonly number[] => [n, n];
const cube = (n: number): readonly number[] => [n, n, n];
const conv = (c: number, more = ''): string => `conv(${c}, kernel: 3${more})`;

/** Chains of one kind of operator each, over the widths and sizes that segmentation networks have. */
function chains(): Case[] {
  const convs = (
    [
      [12, 12, 152],
      [16, 16, 136],
      [24, 24, 112],
      [48, 48, 88],
      [80, 80, 44],
      [96, 96, 40],
      [144, 144, 28],
      [208, 208, 14],
      [288, 288, 12],
      [448, 448, 6],
      [27, 27, 72],
      [144, 24, 56],
      [280, 72, 28],
      [24, 144, 44],
      [608, 208, 10],
      // More weights than caches hold.
      [1040, 1008, 4],
      [624, 1536, 6],
    ] as const
  ).map(([from, to, n]) => chain(`${conv(from)} |> relu |> ${conv(to)} |> relu |> ${conv(to)} |> relu`, 3, square(n)));
  const wide = (x: string, c: number, n: number): Case => chain(`conv(${c}, kernel: 1) |> ${x}`, 3, square(n));
  return [
    ...convs,
    chain(`${conv(40)} |> relu`, 1, square(160)),
    chain('conv(40, kernel: 7, stride: 2) |> relu', 3, square(176)),
    wide(`${conv(96, ', stride: 2')} |> relu |> ${conv(160, ', stride: 2')}`, 48, 88),
    wide('conv(80, kernel: 1) |> relu |> conv(48, kernel: 1) |> relu |> conv(24, kernel: 1)', 96, 72),
    wide('conv(320, kernel: 1) |> relu |> conv(160, kernel: 1)', 320, 24),
    wide(`${conv(72, ', groups: 72')} |> relu |> ${conv(72, ', groups: 72')}`, 72, 72),
    wide('conv_transpose(24, kernel: 2, stride: 2)', 48, 72),
    wide('conv_transpose(80, kernel: 2, stride: 2) |> conv_transpose(40, kernel: 2, stride: 2)', 160, 20),
    wide('conv_transpose(48, kernel: 4, stride: 2)', 80, 28),
    wide('maxpool(2) |> upsample(2) |> maxpool(2) |> upsample(2)', 48, 112),
    wide('avgpool(2) |> upsample(2)', 48, 112),
    wide('upsample(2, mode: linear) |> maxpool(2) |> upsample(2, mode: linear)', 40, 72),
    wide('upsample(2, mode: linear, align_corners: true)', 72, 64),
    wide('relu |> batchnorm |> relu |> batchnorm |> relu', 48, 112),
    wide('instancenorm |> leaky_relu(0.1) |> instancenorm', 48, 96),
    wide('groupnorm(8) |> gelu |> groupnorm(8) |> silu', 48, 72),
    wide('gelu |> elu |> silu |> gelu', 40, 72),
    wide('pixel_shuffle(2) |> pixel_unshuffle(2)', 48, 88),
    chain(
      `${conv(20)} |> instancenorm |> leaky_relu(0.1) |> ${conv(20)} |> instancenorm |> leaky_relu(0.1)`,
      1,
      cube(28),
    ),
    chain(`${conv(48)} |> leaky_relu(0.1) |> ${conv(48)} |> leaky_relu(0.1)`, 1, cube(14)),
    chain(`conv(48, kernel: 1) |> maxpool(2) |> conv_transpose(24, kernel: 2, stride: 2)`, 1, cube(28)),
    chain(`${conv(72)} |> leaky_relu(0.1) |> ${conv(24)} |> leaky_relu(0.1)`, 1, cube(18)),
    chain(`conv(160, kernel: 1) |> ${conv(160)} |> leaky_relu(0.1)`, 1, cube(5)),
    chain(`conv(80, kernel: 1) |> ${conv(80)} |> conv_transpose(40, kernel: 2, stride: 2)`, 1, cube(9)),
    chain(`conv(24, kernel: 1) |> ${conv(24)} |> instancenorm |> leaky_relu(0.1)`, 1, cube(26)),
  ];
}

/** Whole networks with drawn widths, depths, blocks and ways up; the same every time. */
function networks(purpose: Purpose, count: number): Case[] {
  const random = stream(20, 'calibration networks');
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)] as T;
  return Array.from({ length: count }, (_, k) => {
    const depth = pick([2, 3, 3, 4]);
    const first = pick([12, 16, 16, 20, 24, 32, 32, 48]);
    const width = Array.from({ length: depth + 1 }, (_, i) => first * 2 ** i);
    const way = pick([
      'conv_transpose(width[i], kernel: 2, stride: 2)',
      'upsample(2)',
      'upsample(2, mode: linear)',
      'upsample(2) |> conv(width[i], kernel: 3) |> relu',
    ]);
    const norm = pick(['', ' |> batchnorm', ' |> batchnorm', ' |> instancenorm']);
    const gate = pick([false, false, true]);
    const nested = k % 2 === 0;
    const edge = 16 * pick(first > 24 ? [3, 4, 5] : [4, 5, 6, 7]);
    const batch = purpose === 'train' ? pick([1, 2, 3]) : 1;
    const grid = nested
      ? `grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> ${way}) |> Conv2(width[i])
  }
  head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)`
      : `grid X[i in 0..depth, j in 0..1] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, 1] when i == depth = X[i, 0]
    X[i, 1] = concat(X[i, 0], X[i+1, 1] |> ${way}) |> Conv2(width[i])
  }
  head S = X[0, 1] |> conv(1, kernel: 1) |> sigmoid
  output mask = S`;
    const excite = gate ? '\n    mul(y, y |> global_avgpool |> conv(c, kernel: 1) |> sigmoid)' : '\n    y';
    const spec = `network Probe {
  param width = [${width.join(', ')}]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) {
    let y = x |> conv(c, kernel: 3)${norm} |> relu |> conv(c, kernel: 3)${norm} |> relu${excite}
  }
  ${grid}
}
train { loss = 0.5 * bce + dice  optimizer = adam(lr: 1e-3)  batch = ${batch}  epochs = 1 }
`;
    const name = `${nested ? 'nested' : 'plain'} ${width.join(' ')}, ${way}${norm}${gate ? ', gated' : ''}, ${edge}x${edge} x ${batch}`;
    return { name, spec, batch, size: square(edge) };
  });
}

/** What `doctor --calibrate` times. None is a network that anyone would use: nothing here is tuned to the specs we ship. */
export const suite = (purpose: Purpose): readonly Case[] => [...chains(), ...networks(purpose, 16)];
