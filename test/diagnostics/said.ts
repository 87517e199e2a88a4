import type { Refused, Resolve } from '../../compiler/index.js';
import { small } from '../elaborate/specs.js';

/** A spec that gives a message, and values for its params. */
export interface Sample {
  readonly text: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly resolve?: Resolve;
}

const spec = (text: string): Sample => ({ text });
/** Items of a network that has an input `image`, and a head on `y`. */
const items = (text: string): Sample => spec(small(text));
const value = (text: string): Sample => items(`let v = ${text}\n let y = image |> relu |> conv(8)`);
const conv = (text: string): Sample => items(`let y = image |> ${text}`);
const train = (settings: string): Sample => spec(small('let y = image |> relu', `train { ${settings} }`));
const input = (type: string): Sample => spec(`network A { input image: ${type}\n head S = image |> conv(1) }`);
const refusing = (refused: Refused['refused']): Sample => ({
  text: `import "x.unet"\n${small('let y = image |> relu')}`,
  resolve: () => ({ refused }),
});
const chain = (length: number): string => Array.from({ length }, () => '1').join(' + ');

/**
 * For every message of the catalogue that no page's example gives, by its code and name on the page, a spec that gives it: the other
 * ways of making the mistake.
 */
export const samples: Readonly<Record<string, Sample>> = {
  'bad-number.int': value('9007199254740993'),
  'bad-number.float': value('1e400'),
  'limit-depth.nesting': value(`${'['.repeat(300)}${']'.repeat(300)}`),
  'limit-depth.height': value(chain(1100)),
  'unexpected-character.quote': value("'a'"),
  'unexpected-character.hash': items('# a comment\n let y = image |> relu'),
  'unexpected-character.letters': items('let größe = 3\n let y = image |> relu'),
  'unexpected-character.and': value('true && false'),
  'unexpected-character.or': value('true || false'),
  'unclosed-bracket.bracket': items('let y = image |> conv(8\n let z = 3'),
  'unclosed-bracket.brace': spec('network A {\n  input image: f32[N, 3, H, W]\n  head S = image |> conv(1)\n'),
  'stray-bracket.other': value('(1]'),
  'stray-bracket.nothing': items('let y = image |> conv(8))'),
  'syntax.list': value('96x96'),
  'syntax.word': items('heda T = image |> conv(1)\n let y = image'),
  'syntax.size': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    expect macs at 64x64 at 32x32 = 1 }`),
  'syntax.dimensions': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    expect macs at 8x8x8x8 = 1 }`),
  'operator-chain.range': value('0..3..5'),
  'import-missing.standard': spec(
    'import "std:nothing"\nnetwork A { input image: f32[N, 3, H, W]\n head S = image |> conv(1) }',
  ),
  'import-refused.special': refusing('special'),
  'import-refused.large': refusing('large'),
  'import-refused.binary': refusing('binary'),
  'import-refused.unreadable': refusing('unreadable'),
  'division-by-zero.divisor': value('8 / 0'),
  'division-by-zero.power': value('0 ^ -1'),
  'division-by-zero.tensor': items('let y = image / 0'),
  'duplicate-name.value': items('grid X[i in [1, 1]] { X[i] = image |> relu }\n let y = X[1]'),
  'duplicate-name.name': items('let y = image\n let y = image'),
  'empty-list.last': value('last([])'),
  'empty-list.list': value('max([])'),
  'extra-argument.list': value('len([1], [2])'),
  'extra-argument.block': items('block B(x) { x |> relu }\n let y = image |> B(1, 2)'),
  'extra-argument.grid': items('grid X[i in 0..1] { X[i] = image |> relu }\n let y = X[0, 0]'),
  'extra-argument.operator': conv('relu(3)'),
  'extra-argument.head': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    output mask = S[1, 2] }`),
  'extra-argument.none': train('loss = bce(3)'),
  'extra-argument.setting': train('optimizer = sgd(0.1, 0.9, true, 0.1, 3)'),
  'missing-argument.list': value('len()'),
  'missing-argument.numbers': value('max()'),
  'missing-argument.block': items('block B(x, c) { x |> conv(c) }\n let y = image |> B'),
  'missing-argument.grid': items('grid X[i in 0..1, j in 0..1] { X[i, j] = image |> relu }\n let y = X[0]'),
  'missing-argument.tensors': items('let y = concat(image, relu())'),
  'missing-argument.operator': conv('conv'),
  'unknown-argument.block': items('block B(x, c) { x |> conv(c) }\n let y = image |> B(k: 2)'),
  'not-callable.block': items('block B(x) { x |> relu }\n let y = concat(image |> B, B)'),
  'not-callable.operator': items('let y = concat(image, relu)'),
  'not-callable.value': items('param c = 8\n let y = image |> c(3) |> conv(c)'),
  'unknown-name.callee': conv('blur(3)'),
  'unknown-name.value': value('nowhere'),
  'number-overflow.operation': value('2 ^ 2000'),
  'number-overflow.result': value('sum([9007199254740991, 9007199254740991])'),
  'not-an-int.number': conv('conv(2.5)'),
  'out-of-range.least': conv('conv(0)'),
  'out-of-range.bounds': train('epochs = 0'),
  'out-of-range.dimension': input('f32[N, 0, H, W]'),
  'reserved-name.name': items('block relu(x) { x }\n let y = image'),
  'reserved-name.mode': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    output mask { all = S } }`),
  'wrong-type.items': value('3[0]'),
  'wrong-type.compared': value('image == image'),
  'wrong-type.numbers': value('[1] < 2'),
  'wrong-type.tensors': value('image ^ image'),
  'wrong-type.operands': value('image + [1]'),
  'wrong-type.negated': value('-[1]'),
  'wrong-type.list': value('len(3)'),
  'wrong-type.among': value('min(1, true)'),
  'wrong-type.whole': value('[1, 2][true]'),
  'wrong-type.condition': value('if 3 then 1 else 2'),
  'wrong-type.comprehension': value('[x for x in 3]'),
  'wrong-type.relation': items('let y = image\n expect shape >= [1, 1, 96, 96]'),
  'wrong-type.shape': items('let y = image\n expect shape = 96'),
  'wrong-type.fact': items('let y = image\n expect parameters = [1]'),
  'wrong-type.index': items('grid X[i in 3] { X[i] = image |> relu }\n let y = X[0]'),
  'wrong-type.tensor': items('grid X[i in 0..1] { X[i] = 3 }\n let y = image'),
  'wrong-type.grid': items('grid X[i in 0..1, j in 0..1] { X[i, j] = image |> relu }\n let y = relu(X)'),
  'wrong-type.param': items('param p = image\n let y = image'),
  'wrong-type.input': conv('concat(3)'),
  'wrong-type.number': conv('conv(true)'),
  'wrong-type.word': conv('upsample(2, mode: 3)'),
  'wrong-type.flag': conv('conv(8, bias: 3)'),
  'wrong-type.padding': conv('conv(8, kernel: 3, padding: linear)'),
  'wrong-type.sizes': conv('conv(8, kernel: [])'),
  'wrong-type.output': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    output mask = 3 }`),
  'wrong-type.oneOf': train('normalize = 3'),
  'bad-pattern.length': items('grid X[i in 0..1] { X[0, 0] = image\n X[i] = image |> relu }\n let y = X[1]'),
  'bad-pattern.twice': items(
    'grid X[i in 0..1, j in 0..1] { X[k, k] = image\n X[i, j] = image |> relu }\n let y = X[1, 1]',
  ),
  'bad-pattern.item': items('grid X[i in 0..1] { X[i + 1] = image\n X[i] = image |> relu }\n let y = X[1]'),
  'head-index.several': items('head T[i in 1..2, j in 1..2] = image |> conv(1)\n let y = image'),
  'head-index.level': items('head T[i in -1..2] = image |> conv(1)\n let y = image'),
  'index-out-of-grid.cell': items('grid X[i in 0..1] { X[i] = image |> relu }\n let y = X[2]'),
  'index-out-of-grid.head': spec(`network A { input image: f32[N, 3, H, W]
    head S[j in 1..2] = image |> conv(j)
    output mask = S[3] }`),
  'index-out-of-list.item': value('[1, 2][2]'),
  'input-shape.dtype': input('f16[N, 3, H, W]'),
  'input-shape.rank': input('f32[N, 3]'),
  'input-shape.channels': input('f32[N, C, H, W]'),
  'input-shape.batch': input('f32[H, 3, H, W]'),
  'input-shape.elsewhere': input('f32[N, 3, N, W]'),
  'no-head.range': spec('network A { input image: f32[N, 3, H, W]\n head S[j in 1..0] = image |> conv(j) }'),
  'no-head.head': spec('network A { input image: f32[N, 3, H, W] }'),
  'unused-node.cells': items('grid X[i in 0..1] { X[i] = image |> relu }\n let y = X[0]'),
  'unused-node.value': items('let z = image |> relu\n let w = z |> relu\n let y = image'),
  'unused-node.result': items('block B(x) { let a = [x |> conv(3), x]\n last(a) }\n let y = image |> B'),
  'limit-list.list': value('[x for x in 0..20000]'),
  'limit-list.nested': value('[[a for a in 0..900] for b in 0..90]'),
  'limit-nesting.lists': value(`${'['.repeat(40)}1${']'.repeat(40)}`),
  'limit-nesting.expression': value(chain(500)),
  'limit-nodes.cells': items('grid X[i in 0..300, j in 0..300] { X[i, j] = image |> relu }\n let y = X[0, 0]'),
  'limit-nodes.nodes': items(`block B(x) { x${' |> relu'.repeat(300)} }
    grid X[i in 0..99] { X[0] = image\n X[i] = X[i-1] |> B }
    let y = X[99]`),
  'bad-loss.number': train('loss = 3'),
  'bad-loss.sum': train('loss = bce ^ 2'),
  'bad-loss.weight': train('loss = -1 * bce'),
  'head-weights.count': train('weights = [1, 2]'),
  'head-weights.zero': train('weights = [0]'),
  'repeated-setting.mode': spec(`network A { input image: f32[N, 3, H, W]
    head S = image |> conv(1)
    output mask { a = S\n a = S } }`),
  'repeated-setting.setting': train('epochs = 1 epochs = 2'),
  'unknown-augmentation.word': train('augment = [flop]'),
  'unknown-augmentation.none': train('augment = [3]'),
  'mask-rule.none': train('masks = 128'),
  'mask-rule.classes': train('masks = values(3)'),
  'mask-rule.twice': train('masks = values([0, [3, 0]])'),
  'unknown-optimizer.word': train('optimizer = adamant'),
  'unknown-optimizer.none': train('optimizer = 3'),
  'unknown-schedule.word': train('schedule = cosinus'),
  'unknown-schedule.none': train('schedule = 3'),
  'bad-argument.list': conv('conv(8, kernel: [3, 3, 3])'),
  'bad-argument.gaps': conv('conv_transpose(8, kernel: 2, stride: 3, padding: same)'),
  'bad-argument.corners': conv('upsample(2, align_corners: true)'),
  'bad-argument.axis': conv('softmax(axis: 7)'),
  'bad-argument.kernel': conv('maxpool(2, padding: 2)'),
  'bad-argument.rate': conv('dropout(1.0)'),
  'bad-argument.slopes': conv('prelu(2)'),
  'bad-groups.made': conv('conv(4, groups: 3)'),
  'bad-groups.split': conv('conv(4, groups: 2)'),
  'expect-failed.number': items('let y = image\n expect parameters = 1'),
  'expect-failed.shape': items('let y = image\n expect shape at 32x32 = [1, 1, 8, 8]'),
  'expect-failed.field': items('let y = image\n expect receptive_field = 9'),
  'field-too-small.field': items('let y = image\n expect receptive_field >= 9'),
  'expect-size.open': items('let y = image\n expect macs = 1'),
  'expect-size.invalid': items('let y = image |> maxpool(2) |> upsample(2)\n expect macs at 33x33 = 1'),
  'channel-mismatch.element': items('let y = add(image, image |> conv(4))'),
  'channel-mismatch.shuffle': conv('pixel_shuffle(2)'),
  'shape-mismatch.element': items('let y = add(image, image |> maxpool(2))'),
  'size-too-large.parameter': conv('conv(1000, kernel: 1000)'),
  'size-not-divisible.stride': spec(
    'network A { input image: f32[N, 3, 33, 33]\n head S = image |> maxpool(2) |> conv(1) }',
  ),
  'size-not-divisible.unshuffle': spec(
    'network A { input image: f32[N, 3, 33, 33]\n head S = image |> pixel_unshuffle(2) |> conv(1) }',
  ),
  'unknown-level.spec': items('let y = image\n expect parameters at L7 = 1'),
  'unknown-mode.spec': items('let y = image\n expect parameters in quick = 1'),
};
