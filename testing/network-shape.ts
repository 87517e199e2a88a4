/** A network as choices rather than text: what the arbitraries draw, and shrink. */
export interface NetworkShape {
  /** Spatial dimensions: 1, 2 or 3. */
  readonly rank: 1 | 2 | 3;
  readonly channels: number;
  readonly classes: number;
  /** Channels of each row, one more than the grid is deep. */
  readonly width: readonly number[];
  /** `nested`: UNet++, every node fed by all before it in its row. `plain`: U-Net, one decoder. */
  readonly topology: 'nested' | 'plain';
  readonly block: BlockShape;
  readonly down: 'maxpool' | 'avgpool' | 'conv' | 'unshuffle';
  readonly up: 'conv_transpose' | 'nearest' | 'linear' | 'corners' | 'shuffle';
  /** How a node joins what comes from its row and from below. */
  readonly merge: 'concat' | 'add';
  /** Gates the skip by what comes from below (Oktay et al., 2018). */
  readonly gate: boolean;
  /** Which heads are supervised: one for each level, or the last alone. */
  readonly heads: 'all' | 'last';
  readonly activation: 'sigmoid' | 'softmax';
  readonly loss: string;
  readonly optimizer: string;
}

export interface BlockShape {
  readonly convs: number;
  readonly kernel: 1 | 3 | 5;
  readonly dilation: 1 | 2;
  readonly norm: 'none' | 'batchnorm' | 'instancenorm' | 'groupnorm' | 'layernorm';
  readonly activation: 'relu' | 'leaky_relu' | 'prelu' | 'elu' | 'gelu' | 'silu' | 'tanh';
  /** Adds the block's input, brought to its channels by a 1-convolution (He et al., 2016). */
  readonly residual: boolean;
  /** Weighs channels by squeeze and excitation (Hu et al., 2018). */
  readonly excite: boolean;
  readonly dropout: boolean;
}

const symbols = { 1: ['W'], 2: ['H', 'W'], 3: ['D', 'H', 'W'] } as const;

/** The spec of a shape: the text a person would write for it. */
export function specText(shape: NetworkShape): string {
  const input = ['N', shape.channels, ...symbols[shape.rank]].join(', ');
  return `network Random {
  param classes = ${shape.classes}
  param width   = [${shape.width.join(', ')}]
  let depth = len(width) - 1

  input image: f32[${input}]

${[...blocks(shape), shape.topology === 'nested' ? nested(shape) : plain(shape)].join('\n\n')}
}

train {
  loss      = ${shape.loss}
  optimizer = ${shape.optimizer}
}
`;
}

function blocks(shape: NetworkShape): string[] {
  const { block, merge } = shape;
  const texts = [unitBlock(block)];
  if (block.excite) {
    texts.push(`  block Excite(x, c) {
    mul(x, x |> global_avgpool |> conv(1, kernel: 1) |> relu |> conv(c, kernel: 1) |> sigmoid)
  }`);
  }
  if (shape.gate) {
    texts.push(`  block Gate(x, g, c) {
    mul(x, add(x |> conv(c, kernel: 1), g |> conv(c, kernel: 1)) |> relu |> conv(1, kernel: 1) |> sigmoid)
  }`);
  }
  texts.push(`  block Down(x, c) {\n    ${downText(shape)}\n  }`);
  // Rows differ in channels: to add a value from below, or to gate by it, its channels must first be made the row's own.
  const own = merge === 'add' || shape.gate;
  texts.push(`  block Up(x, c) {\n    ${upText(shape, own)}\n  }`);
  texts.push(`  block Join(skip, below, c) {
    let up = Up(below, c)
    ${merge}(${shape.gate ? 'Gate(skip, up, c)' : 'skip'}, up) |> Unit(c)
  }`);
  return texts;
}

function unitBlock(block: BlockShape): string {
  const conv = `conv(c, kernel: ${block.kernel}${block.dilation > 1 ? `, dilation: ${block.dilation}` : ''})`;
  const norm = { none: '', groupnorm: ' |> groupnorm(1)' }[block.norm as string] ?? ` |> ${block.norm}`;
  const step = `${conv}${norm} |> ${block.activation}`;
  const steps = Array.from({ length: block.convs }, () => step).join('\n      |> ');
  const tail = `${block.dropout ? ' |> dropout(0.25)' : ''}${block.excite ? ' |> Excite(c)' : ''}`;
  if (!block.residual) return `  block Unit(x, c) {\n    x |> ${steps}${tail}\n  }`;
  return `  block Unit(x, c) {\n    let y = x |> ${steps}${tail}\n    add(y, x |> conv(c, kernel: 1))\n  }`;
}

function downText(shape: NetworkShape): string {
  if (shape.down === 'conv') return 'x |> conv(c, kernel: 3, stride: 2) |> Unit(c)';
  return `x |> ${shape.down === 'unshuffle' ? 'pixel_unshuffle' : shape.down}(2) |> Unit(c)`;
}

function upText(shape: NetworkShape, own: boolean): string {
  if (shape.up === 'conv_transpose') return 'x |> conv_transpose(c, kernel: 2, stride: 2)';
  if (shape.up === 'shuffle') return `x |> conv(c * 2^${shape.rank}, kernel: 1) |> pixel_shuffle(2)`;
  const mode = { nearest: '', linear: ', mode: linear', corners: ', mode: linear, align_corners: true' }[shape.up];
  return `x |> upsample(2${mode})${own ? ' |> conv(c, kernel: 1)' : ''}`;
}

function nested(shape: NetworkShape): string {
  return `  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Unit(width[0])
    X[i, 0] = X[i-1, 0] |> Down(width[i])
    X[i, j] = Join(${shape.merge}(X[i, 0..j-1]), X[i+1, j-1], width[i])
  }

${shape.heads === 'all' ? supervised(shape) : single('X[0, depth]', shape)}`;
}

function plain(shape: NetworkShape): string {
  return `  grid Encoder[i in 0..depth] {
    Encoder[0] = image |> Unit(width[0])
    Encoder[i] = Encoder[i-1] |> Down(width[i])
  }

  grid Decoder[i in 0..depth - 1] {
    Decoder[i] when i == depth - 1 = Join(Encoder[i], Encoder[depth], width[i])
    Decoder[i] = Join(Encoder[i], Decoder[i+1], width[i])
  }

${single('Decoder[0]', shape)}`;
}

const supervised = (
  shape: NetworkShape,
): string => `  head S[j in 1..depth] = X[0, j] |> conv(classes, kernel: 1) |> ${shape.activation}

  output mask {
    accurate = mean(S)
    fast     = last(S)
  }`;

const single = (
  from: string,
  shape: NetworkShape,
): string => `  head S = ${from} |> conv(classes, kernel: 1) |> ${shape.activation}

  output mask = S`;
