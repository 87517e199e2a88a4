/** Our side of record.py's networks. */
export const upsamplings = ['nearest', 'bilinear', 'deconv'] as const;
export type Upsampling = (typeof upsamplings)[number];

const up: Readonly<Record<Upsampling, string>> = {
  nearest: 'upsample(2, mode: nearest)',
  bilinear: 'upsample(2, mode: linear, align_corners: true)',
  deconv: 'conv_transpose(width[i], kernel: 2, stride: 2)',
};

export const unetppSpec = (upsampling: Upsampling, batchnorm: boolean): string => `
network Parity {
  param width = [4, 6, 8, 10, 12]
  let depth = len(width) - 1
  input image: f32[N, 3, H, W]
  block Conv2(x, c) {
    x |> conv(c, kernel: 3) ${batchnorm ? '|> batchnorm ' : ''}|> relu
      |> conv(c, kernel: 3) ${batchnorm ? '|> batchnorm ' : ''}|> relu
  }
  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> ${up[upsampling]}) |> Conv2(width[i])
  }
  head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask { accurate = mean(S)  fast = last(S) }
}
train {
  loss = 0.5 * bce + dice
  optimizer = adam(lr: 1e-3)
}
`;

/** Logits are a 1x1 convolution: the smallest network with something to learn. */
export const pixelSpec = (activation: string, train: string): string => `
network Pixel {
  input image: f32[N, 3, H, W]
  head S = image |> conv(3, kernel: 1) |> ${activation}
  output mask = S
}
train {
  ${train}
}
`;
