/** The spec of the language page. */
export const example = `// UNet++ (Zhou et al., 2018) with deep supervision
network UNetPlusPlus {
  param classes = 1
  param width   = [32, 64, 128, 256, 512]
  let depth = len(width) - 1

  input image: f32[N, 1, H, W]

  block Conv2(x, c) {
    x |> conv(c, kernel: 3) |> relu
      |> conv(c, kernel: 3) |> relu
  }

  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> conv_transpose(width[i], kernel: 2, stride: 2))
              |> Conv2(width[i])
  }

  head S[j in 1..depth] = X[0, j] |> conv(classes, kernel: 1) |> sigmoid

  output mask {
    accurate = mean(S)      // the default: the first mode named
    fast     = last(S)
  }

  expect parameters = 9_041_700
  expect parameters at L1 = 100_961
  expect parameters at L3 in fast = 2_204_961
}

train {
  loss      = 0.5 * bce + dice
  optimizer = adam(lr: 3e-4)
  schedule  = cosine(warmup: 1)
  batch = 16    epochs = 50
  resize = [96, 96]                 // whole images; or patch = [128, 128]: random patches, prediction slides
  augment   = [flip, rotate90, brightness(0.1)]
}
`;
