/** `import "std:blocks"`: what the networks of the literature are made of, written in the language itself. */
export const blocks = `// The blocks that most segmentation networks share. \`c\` is the number of channels that comes out.

// Convolution, batch norm and ReLU.
block Conv(x, c, kernel = 3, stride = 1, bias = true) {
  x |> conv(c, kernel: kernel, stride: stride, bias: bias) |> batchnorm |> relu
}

// The two convolutions of a U-Net's node (Ronneberger et al., 2015), with batch norm.
block Conv2(x, c) {
  x |> Conv(c) |> Conv(c)
}

// A residual unit (He et al., 2016, the basic one of ResNet-18 and -34). Where it halves the map or changes its channels the
// shortcut is a 1x1 convolution: say \`project: true\` where only the channels change.
block Residual(x, c, stride = 1, project = stride > 1) {
  let y = x |> Conv(c, stride: stride, bias: false) |> conv(c, kernel: 3, bias: false) |> batchnorm
  add(y, if project then x |> conv(c, kernel: 1, stride: stride, bias: false) |> batchnorm else x) |> relu
}

// n residual units, of which the first halves the map (\`stride: 2\`) or doesn't: a row of a ResNet.
block ResidualStage(x, c, n, stride = 1) {
  if n == 1 then x |> Residual(c, stride) else x |> ResidualStage(c, n - 1, stride) |> Residual(c)
}

// Squeeze and excitation (Hu et al., 2018): weighs each channel by a look at the whole map. x has c channels.
block SE(x, c, reduction = 16) {
  mul(x, x |> global_avgpool |> conv(c / reduction, kernel: 1) |> relu |> conv(c, kernel: 1) |> sigmoid)
}

// Concurrent spatial and channel excitation (Roy et al., 2018): also weighs each pixel by a look at its channels.
block SCSE(x, c, reduction = 16) {
  add(x |> SE(c, reduction), mul(x, x |> conv(1, kernel: 1) |> sigmoid))
}

// A gate on a skip (Oktay et al., 2018): one number in 0..1 for each pixel, by what the decoder sees (\`up\`, of the skip's
// size); c channels inside, half of the skip's as a rule.
block AttentionGate(skip, up, c) {
  let both = add(up |> conv(c, kernel: 1, bias: true) |> batchnorm,
                 skip |> conv(c, kernel: 1, bias: true) |> batchnorm)
  mul(skip, both |> relu |> conv(1, kernel: 1, bias: true) |> batchnorm |> sigmoid)
}
`;
