const head = ['network Long {', '  param width = [8, 16, 32]', '  input image: f32[N, 3, H, W]'];
const tail = ['  head S = B0(image, width[0]) |> conv(1, kernel: 1) |> sigmoid', '  output mask = S', '}', ''];

/** A well-formed spec of at least `lines` lines: block after block. */
export function longSpec(lines) {
  const blocks = [];
  for (let k = 0; blocks.length + head.length + tail.length < lines; k++) {
    blocks.push(
      `  block B${k}(x, c) {`,
      '    let y = x |> conv(c, kernel: 3) |> batchnorm |> relu',
      '    add(x |> conv(c, kernel: 1), y |> conv(c, kernel: 3)) |> relu',
      '  }',
    );
  }
  return [...head, ...blocks, ...tail].join('\n');
}
