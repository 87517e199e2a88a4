import { describe, expect, it } from 'vitest';
import { type Dim, num, over, plus, sym } from '../../compiler/ir/dim.js';
import type { Attrs, TensorType } from '../../compiler/ir/graph.js';
import { type OpName, opOf } from '../../compiler/ops/index.js';
import { isRefusal } from '../../compiler/ops/op.js';

const n = sym('N');
const h = sym('H');
const w = sym('W');
const type = (...shape: (Dim | number)[]): TensorType => ({
  dtype: 'f32',
  shape: shape.map((d) => (typeof d === 'number' ? num(d) : d)),
});
const full = type(n, 32, h, w);
const half = type(n, 64, over(h, 2), over(w, 2));

interface Row {
  readonly op: OpName;
  readonly attrs?: Attrs;
  readonly inputs: readonly TensorType[];
  readonly code: string;
  readonly input?: number;
  readonly message: string | RegExp;
  readonly hint?: RegExp;
}

const rows: Record<string, Row> = {
  'a skip that was not upsampled': {
    op: 'concat',
    inputs: [full, full, half],
    code: 'spatial-mismatch',
    input: 2,
    message: 'concat joins channels of equal sizes: the 3rd input is [N, 64, H/2, W/2], the 1st is [N, 32, H, W]',
    hint: /bring the 3rd input up first: upsample\(scale: 2\)/,
  },
  'the odd one first': {
    op: 'concat',
    inputs: [full, half, half],
    code: 'spatial-mismatch',
    input: 0,
    message: /the 1st input is \[N, 32, H, W\], the 2nd is \[N, 64, H\/2, W\/2\]/,
    hint: /maxpool\(2\)/,
  },
  'an unpadded branch': {
    op: 'concat',
    inputs: [full, type(n, 32, plus(h, -4), plus(w, -4))],
    code: 'spatial-mismatch',
    input: 1,
    message: /\[N, 32, H-4, W-4\]/,
    hint: /padding: same/,
  },
  'an empty list': { op: 'concat', inputs: [], code: 'no-inputs', message: 'concat of an empty list' },
  'a mean of nothing': { op: 'mean', inputs: [], code: 'no-inputs', message: 'mean of an empty list' },
  'a residual with other channels': {
    op: 'add',
    inputs: [full, type(n, 64, h, w)],
    code: 'channel-mismatch',
    input: 1,
    message: 'add needs equal channels (or 1): the 2nd input is [N, 64, H, W], the 1st is [N, 32, H, W]',
    hint: /conv\(32, kernel: 1\)/,
  },
  'a sum of two sizes': { op: 'add', inputs: [full, half], code: 'shape-mismatch', input: 1, message: /one shape/ },
  'a product of two ranks': {
    op: 'mul',
    inputs: [full, type(n, 32)],
    code: 'shape-mismatch',
    input: 1,
    message: /one rank/,
  },
  'groups that do not divide the input': {
    op: 'conv',
    attrs: { channels: 6, groups: 3 },
    inputs: [full],
    code: 'bad-groups',
    input: 0,
    message: "conv with 3 groups can't split the 32 channels it is given",
    hint: /1, 2/,
  },
  'groups that do not divide the output': {
    op: 'conv',
    attrs: { channels: 6, groups: 4 },
    inputs: [full],
    code: 'bad-groups',
    message: "conv with 4 groups can't make 6 channels",
  },
  'groups that do not divide what is normalized': {
    op: 'groupnorm',
    attrs: { groups: 5 },
    inputs: [full],
    code: 'bad-groups',
    input: 0,
    message: "groupnorm with 5 groups can't split the 32 channels it is given",
    hint: /1, 2, 4, 8, 16, 32/,
  },
  'slopes for other channels': {
    op: 'prelu',
    attrs: { num_parameters: 16 },
    inputs: [full],
    code: 'bad-argument',
    message: 'prelu learns 1 slope or one for each of the 32 channels it is given, not 16',
    hint: /prelu\(32\)/,
  },
  'channels that make no pixels': {
    op: 'pixel_shuffle',
    attrs: { upscale_factor: 3 },
    inputs: [full],
    code: 'channel-mismatch',
    input: 0,
    message: 'pixel_shuffle by 3 needs a multiple of 9 channels, this tensor has 32',
    hint: /conv\(36\)/,
  },
  'pixels that make no channels': {
    op: 'pixel_unshuffle',
    attrs: { downscale_factor: 4 },
    inputs: [type(1, 3, 48, 26)],
    code: 'size-not-divisible',
    input: 0,
    message: 'pixel_unshuffle by 4 needs a width that is a multiple of 4, here it is 26',
    hint: /24 and 28/,
  },
  'a kernel for three dimensions': {
    op: 'conv',
    attrs: { channels: 6, kernel: [3, 3, 3] },
    inputs: [full],
    code: 'bad-argument',
    message: 'kernel of conv lists 3 numbers, but the tensor has 2 spatial dimensions',
  },
  'an input without space': {
    op: 'conv',
    attrs: { channels: 6 },
    inputs: [type(n, 3)],
    code: 'shape-mismatch',
    input: 0,
    message: /1 to 3 spatial dimensions, this tensor is \[N, 3\]/,
  },
  'an unknown number of channels': {
    op: 'batchnorm',
    inputs: [type(n, h, w)],
    code: 'shape-mismatch',
    input: 0,
    message: /known number of channels/,
  },
  'a transposed kernel with gaps': {
    op: 'conv_transpose',
    attrs: { channels: 6, kernel: 2, stride: 3, padding: 'same' },
    inputs: [full],
    code: 'bad-argument',
    message: /kernel 2 and stride 3/,
    hint: /kernel: 3/,
  },
  'an odd size that is pooled': {
    op: 'maxpool',
    attrs: { kernel: 2, stride: 'kernel', padding: 0 },
    inputs: [type(1, 3, 48, 25)],
    code: 'size-not-divisible',
    input: 0,
    message: 'maxpool with stride 2 needs a width that is a multiple of 2, here it is 25',
    hint: /24 and 26/,
  },
  'a window larger than the image': {
    op: 'conv',
    attrs: { channels: 1, kernel: 7, padding: 'valid' },
    inputs: [type(1, 3, 6, 9)],
    code: 'size-too-small',
    input: 0,
    message: 'nothing is left of height 6 after conv',
  },
  'padding as large as the pool': {
    op: 'avgpool',
    attrs: { kernel: 2, padding: 2 },
    inputs: [full],
    code: 'bad-argument',
    message: 'padding 2 of avgpool must be smaller than its kernel 2',
  },
  'a crop of everything': {
    op: 'crop',
    attrs: { amount: 8 },
    inputs: [type(1, 1, 16, 20)],
    code: 'size-too-small',
    input: 0,
    message: /height 16/,
  },
  'corners of nearest': {
    op: 'upsample',
    attrs: { scale: 2, mode: 'nearest', align_corners: true },
    inputs: [full],
    code: 'bad-argument',
    message: /only when mode is linear/,
  },
  'scales for another rank': {
    op: 'upsample',
    attrs: { scale: [2, 2, 2] },
    inputs: [full],
    code: 'bad-argument',
    message: /scale of upsample lists 3 numbers/,
  },
  'an axis that is not there': {
    op: 'softmax',
    attrs: { axis: 4 },
    inputs: [full],
    code: 'bad-argument',
    message: /axis 4/,
  },
  'dropping everything': {
    op: 'dropout',
    attrs: { rate: 1 },
    inputs: [full],
    code: 'bad-argument',
    message: /rate 1 would drop everything/,
  },
};

describe('refusals', () => {
  for (const [name, { op, attrs = {}, inputs, code, input, message, hint }] of Object.entries(rows)) {
    it(`answer ${name}`, () => {
      const answer = opOf(op).infer(attrs, inputs);
      if (!isRefusal(answer)) throw new Error('accepted');
      expect(answer.code).toBe(code);
      expect(answer.input).toBe(input);
      if (typeof message === 'string') expect(answer.message).toBe(message);
      else expect(answer.message).toMatch(message);
      if (hint) expect(answer.hints.join('\n')).toMatch(hint);
      for (const line of [answer.message, ...answer.hints]) expect(line).not.toMatch(/\.$|^[A-Z]/);
    });
  }

  it('do not meet gates that repeat over space or channels', () => {
    for (const gate of [type(n, 32, 1, 1), type(n, 1, h, w), type()]) {
      expect(opOf('mul').infer({}, [full, gate])).toEqual({ outputs: [full] });
    }
  });
});
