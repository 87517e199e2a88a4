import type { SelectionError } from '../../3-transform/prune.js';
import type { RefusalCode } from '../../ops/refusal.js';
import type { Page } from '../page.js';

type ShapeCode =
  | RefusalCode
  | Exclude<SelectionError['code'], 'unknown-level' | 'unknown-mode'>
  | 'head-shape'
  | 'expect-failed'
  | 'expect-size';

/** What shape inference and the checks after it answer. */
export const shapePages = {
  'spatial-mismatch': {
    severity: 'error',
    title: 'concat of different spatial sizes',
    what: 'The operator concat joins channels, so the height and width of its inputs must be equal; the message names the one that differs.',
    why: 'Usually a sampling step is missing or doubled between two levels of the grid.',
    fix: 'Bring the named input up or down first.',
    example:
      'concat(X[0, 0], X[1, 0])                                   // H and H/2\nconcat(X[0, 0], X[1, 0] |> conv_transpose(32))             // both H',
  },
  'channel-mismatch': {
    severity: 'error',
    title: 'channels that do not fit',
    what: 'The inputs of add, mul, mean or max agree in size but not in channels.',
    why: 'These operators work element by element.',
    fix: 'Bring one to the channels of the other with conv(c, kernel: 1), or use concat.',
    example: 'x + (y |> conv(64, kernel: 1))',
  },
  'shape-mismatch': {
    severity: 'error',
    title: 'shapes that do not fit',
    what: 'The inputs of an element by element operator have different shapes.',
    why: 'Dimensions must be equal, or 1.',
    fix: 'Bring the inputs to one shape.',
  },
  'size-not-divisible': {
    severity: 'error',
    title: 'a size that a stride does not divide',
    what: 'A fixed size enters a pool or a strided convolution that does not divide it.',
    why: 'Rounding would lose a row of pixels in silence, and the way up would not meet the way down.',
    fix: 'Use one of the sizes that the message names, or pad first.',
  },
  'size-too-small': {
    severity: 'error',
    title: 'nothing is left of the image',
    what: 'A window is larger than what it slides over.',
    why: 'The output would have no elements.',
    fix: 'Use a larger input, fewer levels, or padding: same.',
  },
  'bad-rank': {
    severity: 'error',
    title: 'a tensor of the wrong rank',
    what: 'The operator needs [N, C] and one to three spatial dimensions.',
    why: 'The number of spatial dimensions of the whole network comes from its input.',
    fix: 'Declare the input with its dimensions.',
    example: 'input image: f32[N, 3, H, W]',
  },
  'bad-argument': {
    severity: 'error',
    title: 'an argument that makes no sense here',
    what: 'The value has the right type but cannot be used: a list of the wrong length, a rate of 1.',
    why: 'The operator would have no result.',
    fix: 'See the message for what is allowed.',
  },
  'bad-groups': {
    severity: 'error',
    title: 'groups that do not divide the channels',
    what: 'A grouped convolution splits its input and output channels into equal parts.',
    why: 'Both must be divisible by the number of groups.',
    fix: 'Choose a divisor of both.',
  },
  'no-inputs': {
    severity: 'error',
    title: 'an operator without inputs',
    what: 'One of concat, mean, add, max got an empty list.',
    why: 'A range such as 1..0 is empty, so a slice of cells may be.',
    fix: 'Add an input, or guard the rule so that the list is not empty.',
  },
  'head-shape': {
    severity: 'error',
    title: 'heads of different shapes',
    what: 'Two heads answer with different sizes or channels.',
    why: 'All heads are trained against one target.',
    fix: 'Bring them to one size with upsample, and to the same channels with conv.',
  },
  'expect-failed': {
    severity: 'error',
    title: 'an expectation that does not hold',
    what: 'The compiler computed another number than the `expect` line states.',
    why: 'Either the network differs from the one it is meant to be, or the number is wrong.',
    fix: 'Correct the network; or, if the new number is right, the line.',
  },
  'expect-size': {
    severity: 'error',
    title: 'an expectation that depends on the size',
    what: 'MACs and shapes depend on the input size, and the line names none, or one that the network cannot take.',
    why: 'There is no number to compare with.',
    fix: 'Name a size.',
    example: 'expect macs at 256x256 = 34_500_000_000',
  },
  'mode-not-at-level': {
    severity: 'error',
    title: 'a mode that a level does not have',
    what: 'The output mode names a head that the pruned network no longer contains.',
    why: 'L2 keeps the heads with index <= 2; a mode that names S[4] cannot be answered there.',
    fix: 'Write the mode over the family, mean(S) or last(S), or choose another level.',
  },
} as const satisfies Readonly<Record<ShapeCode, Page>>;
