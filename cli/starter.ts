/** The spec that `init` writes: the UNet++ of the language's first page, small enough to train on a laptop. */
export const starterSpec = (name: string): string => `// UNet++ (Zhou et al., 2018) with deep supervision. 'unetc check' proves this file, 'unetc plan' shows what it costs.
network ${name} {
  param classes = 1
  param width   = [16, 32, 64, 128]
  let depth = len(width) - 1

  // N images of 3 channels (colour; write 1 for grey), of any height and width the network can halve
  input image: f32[N, 3, H, W]

  block Conv2(x, c) {
    x |> conv(c, kernel: 3) |> batchnorm |> relu
      |> conv(c, kernel: 3) |> batchnorm |> relu
  }

  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> conv_transpose(width[i], kernel: 2, stride: 2))
              |> Conv2(width[i])
  }

  // each head is trained against the mask; pruning to Lk keeps the first k
  head S[j in 1..depth] = X[0, j] |> conv(classes, kernel: 1) |> sigmoid

  output mask {
    accurate = mean(S)
    fast     = last(S)
  }
}

train {
  loss      = 0.5 * bce + dice
  optimizer = adam(lr: 1e-3)
  schedule  = cosine(warmup: 1)
  batch = 16    epochs = 40
  resize = [96, 96]                 // whole images; or patch = [128, 128]: random patches, prediction slides
  augment   = [flip, rotate90]
}
`;
