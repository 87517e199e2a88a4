import { composedOps } from '../../compiler/ops/index.js';

/** What the page of an operator shows beside what its file says. */
export interface Shown {
  readonly family: Family;
  /**
   * Calls on the tensors of `tensors`; each is compiled, and its shape, parameters and sizes are printed. The first is the one that
   * people write.
   */
  readonly calls: readonly string[];
  /** What PyTorch calls it, and where the two differ. */
  readonly torch: string;
}

export const families = [
  'Convolutions',
  'Pooling and resizing',
  'Normalization',
  'Activations',
  'Joining',
  'Regularization',
] as const;
export type Family = (typeof families)[number];

/** Tensors that calls are shown on: x, and what is made of it. */
export const tensors = {
  x: { made: 'x', shape: '[N, 8, H, W]' },
  wide: { made: 'x |> conv(16, kernel: 1)', shape: '[N, 16, H, W]' },
  other: { made: 'x |> conv(8, kernel: 1)', shape: '[N, 8, H, W]' },
  map: { made: 'x |> conv(1, kernel: 1)', shape: '[N, 1, H, W]' },
  channel: { made: 'x |> global_avgpool', shape: '[N, 8, 1, 1]' },
} as const;

/** Every operator of the language by its name; composed ones are activations and bring their own; another new one asks for its entry. */
export const shown: Readonly<Record<string, Shown>> = {
  ...Object.fromEntries(
    Object.entries(composedOps).map(([name, { torch }]) => [
      name,
      { family: 'Activations', calls: [`x |> ${name}`], torch } satisfies Shown,
    ]),
  ),
  softplus: { family: 'Activations', calls: ['x |> softplus'], torch: '`Softplus()`.' },
  conv: {
    family: 'Convolutions',
    calls: [
      'x |> conv(16)',
      'x |> conv(16, kernel: 1)',
      'x |> conv(16, kernel: 3, stride: 2)',
      'x |> conv(16, kernel: 7, stride: 2, padding: 3)',
      'x |> conv(16, kernel: 3, padding: valid)',
      'x |> conv(16, kernel: [1, 3])',
      'x |> conv(16, dilation: 2)',
      'x |> conv(8, groups: 8, bias: false)',
    ],
    torch:
      '`Conv1d`, `Conv2d`, `Conv3d`. The padding is `same` unless it is given (there 0), and may be combined with a stride; the kernel is 3. A size that a stride does not divide is refused (there rounded down).',
  },
  conv_transpose: {
    family: 'Convolutions',
    calls: [
      'x |> conv_transpose(8)',
      'x |> conv_transpose(8, kernel: 4)',
      'x |> conv_transpose(8, kernel: 3, stride: 2, padding: valid)',
      'x |> conv_transpose(8, kernel: 2, stride: 2, bias: false)',
    ],
    torch:
      '`ConvTranspose1d`, `ConvTranspose2d`, `ConvTranspose3d`. `padding: same` crops so that the size is multiplied by the stride; there is no `output_padding`: a list of crops for both sides says the same.',
  },
  maxpool: {
    family: 'Pooling and resizing',
    calls: ['x |> maxpool(2)', 'x |> maxpool(3, stride: 2, padding: 1)', 'x |> maxpool(3, stride: 1, padding: same)'],
    torch: '`MaxPool1d`, `MaxPool2d`, `MaxPool3d`. A size that the stride does not divide is refused.',
  },
  avgpool: {
    family: 'Pooling and resizing',
    calls: ['x |> avgpool(2)', 'x |> avgpool(3, stride: 2, padding: 1)'],
    torch: '`AvgPool1d`, `AvgPool2d`, `AvgPool3d`. A size that the stride does not divide is refused.',
  },
  global_avgpool: {
    family: 'Pooling and resizing',
    calls: ['x |> global_avgpool'],
    torch: '`AdaptiveAvgPool2d(1)`.',
  },
  upsample: {
    family: 'Pooling and resizing',
    calls: [
      'x |> upsample(2)',
      'x |> upsample(2, mode: linear)',
      'x |> upsample(4, mode: linear, align_corners: true)',
      'x |> upsample([1, 2])',
    ],
    torch:
      '`Upsample(scale_factor, mode, align_corners)`; `linear` is there `linear`, `bilinear` or `trilinear`, by the rank.',
  },
  pixel_shuffle: {
    family: 'Pooling and resizing',
    calls: ['wide |> pixel_shuffle(2)'],
    torch: '`PixelShuffle`, in one to three dimensions.',
  },
  pixel_unshuffle: {
    family: 'Pooling and resizing',
    calls: ['x |> pixel_unshuffle(2)'],
    torch: '`PixelUnshuffle`, in one to three dimensions.',
  },
  pad: { family: 'Pooling and resizing', calls: ['x |> pad(1)', 'x |> pad([0, 1, 2, 1])'], torch: '`ZeroPad2d`.' },
  crop: {
    family: 'Pooling and resizing',
    calls: ['x |> crop(1)', 'x |> crop([0, 1, 2, 1])'],
    torch: 'a slice, or `ZeroPad2d` of negative amounts.',
  },
  batchnorm: {
    family: 'Normalization',
    calls: ['x |> batchnorm', 'x |> batchnorm(eps: 1e-3, momentum: 0.01)'],
    torch: '`BatchNorm1d`, `BatchNorm2d`, `BatchNorm3d`.',
  },
  instancenorm: {
    family: 'Normalization',
    calls: ['x |> instancenorm', 'x |> instancenorm(affine: true)'],
    torch: '`InstanceNorm1d`, `InstanceNorm2d`, `InstanceNorm3d`, without running statistics.',
  },
  groupnorm: {
    family: 'Normalization',
    calls: ['x |> groupnorm(4)', 'x |> groupnorm(1, affine: false)'],
    torch: '`GroupNorm(num_groups, channels)`.',
  },
  layernorm: {
    family: 'Normalization',
    calls: ['x |> layernorm', 'x |> layernorm(eps: 1e-6)'],
    torch:
      '`LayerNorm(channels)` on channels last, as in ConvNeXt; for one norm over the whole image write `groupnorm(1)`.',
  },
  relu: { family: 'Activations', calls: ['x |> relu'], torch: '`ReLU`.' },
  leaky_relu: {
    family: 'Activations',
    calls: ['x |> leaky_relu', 'x |> leaky_relu(0.2)'],
    torch: '`LeakyReLU(negative_slope)`.',
  },
  prelu: {
    family: 'Activations',
    calls: ['x |> prelu', 'x |> prelu(num_parameters: 8)'],
    torch: '`PReLU(num_parameters, init)`.',
  },
  elu: { family: 'Activations', calls: ['x |> elu', 'x |> elu(0.5)'], torch: '`ELU(alpha)`.' },
  gelu: { family: 'Activations', calls: ['x |> gelu'], torch: '`GELU()`.' },
  silu: { family: 'Activations', calls: ['x |> silu'], torch: '`SiLU`.' },
  sigmoid: { family: 'Activations', calls: ['x |> sigmoid'], torch: '`Sigmoid`.' },
  softmax: { family: 'Activations', calls: ['x |> softmax'], torch: '`Softmax(dim=1)`.' },
  tanh: { family: 'Activations', calls: ['x |> tanh'], torch: '`Tanh`.' },
  dropout: { family: 'Regularization', calls: ['x |> dropout', 'x |> dropout(0.2)'], torch: '`Dropout(p)`.' },
  add: {
    family: 'Joining',
    calls: ['add(x, other)', 'x + other', 'add(x, map)', 'add(x, channel)', 'add([x, other])'],
    torch: '`x + y`.',
  },
  sub: { family: 'Joining', calls: ['sub(x, other)', 'x - map'], torch: '`x - y`.' },
  mul: { family: 'Joining', calls: ['mul(x, map)', 'x * channel', 'x * other'], torch: '`x * y`.' },
  concat: {
    family: 'Joining',
    calls: ['concat(x, wide)', 'concat([x, other], wide)'],
    torch: '`torch.cat([x, y], dim=1)`.',
  },
  mean: {
    family: 'Joining',
    calls: ['mean(x, other)', 'mean([x, other, x])'],
    torch: '`torch.stack([x, y]).mean(0)`: of tensors, element by element, not over one.',
  },
  max: { family: 'Joining', calls: ['max(x, other)'], torch: '`torch.maximum(x, y)`: of tensors, element by element.' },
};
