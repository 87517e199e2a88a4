/**
 * A spec whose one grid has about `nodes` nodes: a square of which each node adds the ones above and left of it. Convolutions along its
 * border; as many values are alive at once as it has rows.
 *
 * @param nodes 1 to 19,000: with the head's two operators it keeps within the limit of 20,000
 */
export function hugeGrid(nodes: number): string {
  const last = Math.round(Math.sqrt(nodes)) - 1;
  return `network Huge {
  input image: f32[N, 3, H, W]

  grid X[i in 0..${last}, j in 0..${last}] {
    X[0, 0] = image |> conv(4, kernel: 3)
    X[0, j] = X[0, j-1] |> conv(4, kernel: 3)
    X[i, 0] = X[i-1, 0] |> conv(4, kernel: 3)
    X[i, j] = add(X[i-1, j], X[i, j-1])
  }

  head S = X[${last}, ${last}] |> conv(1, kernel: 1) |> sigmoid

  output mask = S
}
`;
}
