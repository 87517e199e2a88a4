import { type Elaboration, elaborate } from '../../compiler/1-elaborate/index.js';
import type { RawApply, RawNetwork } from '../../compiler/1-elaborate/raw.js';
import type { Diagnostic } from '../../grammar/diagnostic.js';
import { parse } from '../../grammar/index.js';

/** Parses a text that has no syntax errors, and elaborates it. */
export function run(text: string, set?: Readonly<Record<string, string>>): Elaboration {
  const { tree, diagnostics } = parse(text);
  if (diagnostics.length > 0) throw new Error(diagnostics.map((d) => `${d.span.start.line}: ${d.message}`).join('\n'));
  return elaborate(tree, { set });
}

/** A network that must have no diagnostics at all, not even warnings. */
export function network(text: string, set?: Readonly<Record<string, string>>): RawNetwork {
  const { network: made, diagnostics } = run(text, set);
  if (made === null || diagnostics.length > 0) throw new Error(brief(diagnostics).join('\n') || 'no network');
  return made;
}

export const brief = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map((d) => `${d.span.start.line}:${d.span.start.column} ${d.code}: ${d.message}`);

export const applies = (made: RawNetwork): RawApply[] => made.steps.filter((s) => s.kind === 'apply');
export const paths = (made: RawNetwork): string[] => made.steps.map((s) => s.origin.path);

/** The items of a small network around some of its own: it has an input `image`, and a head on `y`. */
export const small = (items: string, train = ''): string =>
  `network Small {\n  input image: f32[N, 3, H, W]\n${items}\n  head S = y |> conv(1, kernel: 1) |> sigmoid\n  output mask = S\n}\n${train}`;

/** The example of the language's page. */
export const nested = `// UNet++ (Zhou et al., 2018) with deep supervision
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
