import { load, type Network } from '../../compiler/index.js';
import { nthSizes } from '../../testing/index.js';

export function networkOf(text: string, set?: Readonly<Record<string, string>>): Network {
  const { network, diagnostics } = load(text, { set });
  if (!network) throw new Error(diagnostics.map((d) => `${d.span.start.line}: ${d.message}`).join('\n'));
  return network;
}

/** The smallest sizes a network takes. */
export const smallest = (network: Network) => nthSizes(network, 1, [0, 0, 0]);

/** UNet++ with as many widths as are given. */
export const nested = (
  width: readonly number[],
  modes = 'accurate = mean(S) fast = last(S)',
  grid = 'X',
): string => `network Nested {
  param width = [${width.join(', ')}]
  let depth = len(width) - 1
  input image: f32[N, 1, H, W]
  block Conv2(x, c) { x |> conv(c, kernel: 3) |> relu |> conv(c, kernel: 3) |> relu }
  grid ${grid}[i in 0..depth, j in 0..depth - i] {
    ${grid}[0, 0] = image |> Conv2(width[0])
    ${grid}[i, 0] = ${grid}[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    ${grid}[i, j] = concat(${grid}[i, 0..j-1], ${grid}[i+1, j-1] |> conv_transpose(width[i], kernel: 2, stride: 2)) |> Conv2(width[i])
  }
  head S[j in 1..depth] = ${grid}[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask { ${modes} }
}`;

/** Networks of the literature, and of none, that a drawing must be able to show. */
export const specs = {
  // Attention U-Net (Oktay et al., 2018)
  attention: `network AttentionUNet {
  param width = [64, 128, 256, 512, 1024]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) { x |> conv(c, kernel: 3) |> batchnorm |> relu |> conv(c, kernel: 3) |> batchnorm |> relu }
  block Gate(x, g, c) {
    mul(x, add(x |> conv(c, kernel: 1), g |> conv(c, kernel: 1)) |> relu |> conv(1, kernel: 1) |> sigmoid)
  }
  block Join(skip, below, c) {
    let up = below |> upsample(2) |> conv(c, kernel: 3) |> batchnorm |> relu
    concat(Gate(skip, up, c), up) |> Conv2(c)
  }
  grid E[i in 0..depth] {
    E[0] = image |> Conv2(width[0])
    E[i] = E[i-1] |> maxpool(2) |> Conv2(width[i])
  }
  grid D[i in 0..depth - 1] {
    D[i] when i == depth - 1 = Join(E[i], E[depth], width[i])
    D[i] = Join(E[i], D[i+1], width[i])
  }
  head S = D[0] |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`,

  // U-Net 3+ (Huang et al., 2020): full-scale skips
  unet3plus: `network UNet3Plus {
  param width = [64, 128, 256, 512, 1024]
  param cat = 64
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) { x |> conv(c, kernel: 3) |> batchnorm |> relu |> conv(c, kernel: 3) |> batchnorm |> relu }
  block Unit(x, c) { x |> conv(c, kernel: 3) |> batchnorm |> relu }
  block Down(x, k, c) { (if k == 0 then x else x |> maxpool(2^k)) |> Unit(c) }
  block Up(x, k, c) { x |> upsample(2^k, mode: linear) |> Unit(c) }
  grid E[i in 0..depth] {
    E[0] = image |> Conv2(width[0])
    E[i] = E[i-1] |> maxpool(2) |> Conv2(width[i])
  }
  grid D[i in 0..depth - 1] {
    D[i] = concat([Down(E[k], i - k, cat) for k in 0..i], [Up(D[k], k - i, cat) for k in i+1..depth-1], Up(E[depth], depth - i, cat)) |> Unit(cat * (depth + 1))
  }
  head S[i in 1..depth] = D[depth - i] |> upsample(2^(depth - i), mode: linear) |> conv(1, kernel: 3) |> sigmoid
  output mask { fast = last(S)  accurate = mean(S) }
}`,

  // A plain chain
  chain: `network Chain {
  input image: f32[N, 1, H, W]
  let a = image |> conv(8, kernel: 3) |> relu
  let b = a |> conv(8, kernel: 3) |> relu
  let c = b |> conv(8, kernel: 3) |> relu
  head S = c |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`,

  // A U-Net of lets
  lets: `network Lets {
  input image: f32[N, 3, H, W]
  block Res(x, c) {
    let y = x |> conv(c, kernel: 3) |> batchnorm |> relu |> conv(c, kernel: 3) |> batchnorm
    add(y, x |> conv(c, kernel: 1)) |> relu
  }
  block SE(x, c) { mul(x, x |> global_avgpool |> conv(4, kernel: 1) |> relu |> conv(c, kernel: 1) |> sigmoid) }
  let stem = image |> conv(16, kernel: 7, stride: 2) |> batchnorm |> relu
  let enc1 = stem |> maxpool(2) |> Res(32) |> SE(32)
  let enc2 = enc1 |> maxpool(2) |> Res(64) |> SE(64)
  let dec1 = concat(enc1, enc2 |> conv(32, kernel: 1) |> upsample(2)) |> Res(32)
  let dec0 = concat(stem, dec1 |> conv(16, kernel: 1) |> upsample(2)) |> Res(16)
  let full = dec0 |> upsample(2) |> Res(8)
  head S = full |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`,

  // all in the head
  inHead: `network InHead {
  input image: f32[N, 3, H, W]
  block U(x, k) {
    let e = x |> conv(8 * k, kernel: 3) |> relu
    let inner = if k == 4 then e else concat(e, U(e |> maxpool(2), 2 * k) |> upsample(2))
    inner |> conv(8 * k, kernel: 3) |> relu
  }
  head S = U(image, 1) |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}`,

  // 3-D UNet++
  volume: `network Volume {
  param width = [8, 16, 32, 64]
  let depth = len(width) - 1
  input image: f32[N, 1, D, H, W]
  block Conv2(x, c) { x |> conv(c, kernel: 3) |> instancenorm |> leaky_relu |> conv(c, kernel: 3) |> instancenorm |> leaky_relu }
  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[1, 0] = X[0, 0] |> maxpool([1, 2, 2]) |> Conv2(width[1])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[0, j] = concat(X[0, 0..j-1], X[1, j-1] |> upsample([1, 2, 2])) |> Conv2(width[0])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Conv2(width[i])
  }
  head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask { accurate = mean(S)  fast = last(S) }
}`,

  // 1-D U-Net
  signal: `network Signal {
  param width = [8, 16, 32, 64]
  let depth = len(width) - 1
  input ecg: f32[N, 1, W]
  block Conv2(x, c) { x |> conv(c, kernel: 9) |> batchnorm |> relu }
  grid Encoder[i in 0..depth] {
    Encoder[0] = ecg |> Conv2(width[0])
    Encoder[i] = Encoder[i-1] |> maxpool(4) |> Conv2(width[i])
  }
  grid Decoder[i in 0..depth - 1] {
    Decoder[i] when i == depth - 1 = concat(Encoder[i], Encoder[depth] |> upsample(4)) |> Conv2(width[i])
    Decoder[i] = concat(Encoder[i], Decoder[i+1] |> upsample(4)) |> Conv2(width[i])
  }
  head S = Decoder[0] |> conv(4, kernel: 1) |> softmax
  output mask = S
}
train { loss = cross_entropy }`,

  // Two grids, one after the other, with a stem between
  wnet: `network WNet {
  param width = [8, 16, 32]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) { x |> conv(c, kernel: 3) |> relu |> conv(c, kernel: 3) |> relu }
  let stem = image |> conv(8, kernel: 7) |> batchnorm |> relu
  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = stem |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Conv2(width[i])
  }
  let bridge = concat(stem, X[0, depth]) |> conv(8, kernel: 1)
  grid Y[i in 0..depth, j in 0..depth - i] {
    Y[0, 0] = bridge |> Conv2(width[0])
    Y[i, 0] = concat(Y[i-1, 0] |> maxpool(2), X[i, depth - i]) |> Conv2(width[i])
    Y[i, j] = concat(Y[i, 0..j-1], Y[i+1, j-1] |> upsample(2)) |> Conv2(width[i])
  }
  head S[k in 1..2] = (if k == 1 then X[0, depth] else Y[0, depth]) |> conv(1, kernel: 1) |> sigmoid
  output mask = last(S)
}`,

  // list lets
  lists: `network Lists {
  input image: f32[N, 3, H, W]
  block C(x, c) { x |> conv(c, kernel: 3) |> relu }
  let e = [image |> C(8 * k) for k in 1..3]
  let both = concat(e, image)
  grid X[i in 0..2] { X[0] = both  X[1] = X[0] |> C(8)  X[2] = add(X[1], X[0] |> C(8)) }
  head S[k in 1..2] = X[k] |> conv(1, kernel: 1) |> sigmoid
  output mask { both = mean(S)  fast = last(S) }
}`,

  // Row and column change places
  transposed: `network Transposed {
  input image: f32[N, 1, H, W]
  block C(x) { x |> conv(4, kernel: 3) |> relu }
  grid X[j in 0..2, i in 0..2 - j] {
    X[0, 0] = image |> C
    X[0, i] = X[0, i-1] |> maxpool(2) |> C
    X[j, i] = concat(X[j-1, i], X[j-1, i+1] |> upsample(2)) |> C
  }
  head S[j in 1..2] = X[j, 0] |> conv(1, kernel: 1) |> sigmoid
  output mask = last(S)
}`,

  // A head on a value with a name of its own, and one that feeds the next stage
  cascade: `network Cascade {
  input image: f32[N, 1, H, W]
  block C(x) { x |> conv(4, kernel: 3) |> relu }
  let first = image |> C |> conv(1, kernel: 1) |> sigmoid
  grid X[i in 0..1] {
    X[0] = concat(image, first) |> C
    X[1] = X[0] |> maxpool(2) |> C
  }
  head S[k in 1..2] = if k == 1 then first else X[1] |> upsample(2) |> conv(1, kernel: 1) |> sigmoid
  output mask = last(S)
}`,

  // One resolution in every row of the grid
  dilated: `network Dilated {
  input image: f32[N, 1, H, W]
  grid X[i in 0..2, j in 0..2 - i] {
    X[0, 0] = image |> conv(4, kernel: 3)
    X[i, 0] = X[i-1, 0] |> conv(4, kernel: 3, dilation: 2^i)
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1]) |> conv(4, kernel: 3)
  }
  head S[j in 1..2] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)
}`,
} as const;
