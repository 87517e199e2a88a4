import type { BuiltinName } from '../../compiler/1-elaborate/builtins.js';
import type { RawExpect } from '../../compiler/1-elaborate/raw.js';

/** What each keyword begins or means. */
export const keywordDocs: Readonly<Record<string, string>> = {
  network: 'A network: params, an input, grids or lets, heads, an output.\n\n`network Name { ... }`',
  param: 'A knob that `--set name=value` turns.\n\n`param width = [32, 64]`',
  let: 'A name for a value.\n\n`let depth = len(width) - 1`',
  input: 'The image: N images, channels, then one to three spatial dimensions.\n\n`input image: f32[N, 3, H, W]`',
  block:
    'A function of tensors; each call owns weights of its own.\n\n`block Conv2(x, c, k = 3) { x |> conv(c, k) |> relu }`',
  grid: 'A family of nodes. The first rule whose pattern matches a cell defines it.\n\n`grid X[i in 0..4, j in 0..4 - i] { X[i, j] = ... }`',
  head: 'A supervised node or family of nodes: trained against the target, kept or dropped by pruning.\n\n`head S[j in 1..4] = ...`',
  output:
    'What the network answers, in one or several modes; the first is the default.\n\n`output mask { accurate = mean(S)  fast = last(S) }`',
  expect:
    'A fact that the compiler proves: `parameters`, `macs`, `shape` or `receptive_field`, equal to, at most (`<=`) or at least (`>=`) a number.\n\n`expect parameters at L3 in fast = 2_204_961`',
  train: 'The recipe of training; flags of the command line go before it.\n\n`train { loss = bce + dice }`',
  import: 'Brings the blocks of another file.\n\n`import "std:blocks"`',
  in: 'Between an index and what it runs over; in `expect`, before a mode.',
  when: 'A condition under which a rule matches.\n\n`X[i, j] when i > j = ...`',
  if: 'A choice, made at compile time.\n\n`if c then a else b`',
  // biome-ignore lint/suspicious/noThenProperty: a word of the language
  then: 'What `if` gives where its condition holds.',
  else: 'What `if` gives where its condition does not hold.',
  for: 'A list by a rule.\n\n`[32 * 2^i for i in 0..4 if i > 0]`',
  at: 'In `expect`: a level (`at L3`) or a size (`at 256x256`).',
  and: 'Whether both hold.',
  or: 'Whether one of the two holds.',
  not: 'Whether it does not hold.',
  true: 'A truth value.',
  false: 'A truth value.',
};

export const functionDocs: Readonly<Record<BuiltinName, { readonly usage: string; readonly doc: string }>> = {
  len: { usage: 'len(list)', doc: 'How many items a list has.' },
  last: { usage: 'last(list)', doc: 'The last item of a list; of heads, the one of the highest level.' },
  min: { usage: 'min(a, b, ...)', doc: 'The smallest of numbers, or of a list of them.' },
  max: { usage: 'max(a, b, ...)', doc: 'The largest of numbers; of tensors, element by element.' },
  sum: { usage: 'sum(a, b, ...)', doc: 'The sum of numbers; of tensors, element by element, as `add`.' },
  mean: { usage: 'mean(a, b, ...)', doc: 'The mean of numbers; of tensors, element by element.' },
};

export const isFunctionName = (name: string): name is BuiltinName => Object.hasOwn(functionDocs, name);

export const dimensionDocs: Readonly<Record<string, string>> = {
  N: 'The batch: how many images.',
  D: 'Depth of a volume; any size that the network takes.',
  H: 'Height; any size that the network takes.',
  W: 'Width; any size that the network takes.',
};

export const factDocs: Readonly<Record<string, string>> = {
  parameters: 'Learned numbers: weights and biases, not running statistics.',
  macs: 'Multiply-accumulates for one image; needs a size: `at 256x256`.',
  shape: "The output's shape; needs a size: `at 256x256`.",
  receptive_field:
    'Input pixels along each axis that one pixel of the output can see, at most: `expect receptive_field at L1 >= 44`.',
} satisfies Record<RawExpect['what'], string>;
