import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../compiler/diagnostics/index.js';
import { load } from '../../compiler/index.js';
import { brief, nested, run, small } from './specs.js';

/** What is wrong, the text with the expected place between « and », its code, and a part of the message or a hint. */
type Case = readonly [title: string, text: string, code: string, says: string];

const items: readonly Case[] = [
  ['misspelt argument that is needed', 'let y = image |> maxpool(«k»: 2)', 'unknown-argument', 'kernel'],
  [
    'misspelt argument of a block that is needed',
    'block B(x, chan) { x |> conv(chan) }\n let y = image |> B(«chna»: 2)',
    'unknown-argument',
    'chan',
  ],
  [
    'unknown name',
    'param width = [8]\n let y = image |> conv(«widht»[0]) |> conv(width[0])',
    'unknown-name',
    'did you mean width',
  ],
  ['unknown name in a branch not taken', 'let y = image |> conv(if true then 8 else «nine»)', 'unknown-name', 'nine'],
  [
    'unknown name in a block never called',
    'block _B(x) { x |> conv(«cc») }\n let y = image |> relu',
    'unknown-name',
    'cc',
  ],
  ['unknown operator', 'let y = image |> «cnv»(8)', 'unknown-name', 'did you mean conv'],
  ['an internal operator is no name', 'let y = image |> «conv_filter_grad»', 'unknown-name', 'no block or operator'],
  [
    'an index the pattern does not bind',
    'grid X[i in 0..1] { X[0] = image\n X[1] = X[«i»] |> relu }\n let y = X[1]',
    'unknown-name',
    'i',
  ],
  ['block as a value', 'block B(x) { x |> relu }\n let y = image |> B |> max(«B»)', 'not-callable', 'B is a block'],
  ['operator as a value', 'let y = concat(image, «relu»)', 'not-callable', 'relu is an operator'],
  [
    'value called',
    'param width = [8]\n let y = image |> conv(«width»(0)) |> conv(width[0])',
    'not-callable',
    'brackets',
  ],
  ['defined twice', 'let y = image |> relu\n let «y» = image', 'duplicate-name', 'y is defined twice'],
  [
    'let twice in a body',
    'block B(x) { let a = x |> relu\n let «a» = x\n a + x }\n let y = image |> B',
    'duplicate-name',
    'a',
  ],
  [
    'block named as an operator',
    'block «relu»(x) { x |> sigmoid }\n let y = image |> relu',
    'reserved-name',
    'relu is an operator',
  ],
  ['missing argument', 'let y = image |> «conv(kernel: 3)»', 'missing-argument', 'conv needs channels'],
  ['missing tensor', 'let y = concat(image, «relu()»)', 'missing-argument', 'relu needs a tensor'],
  ['tensor forgotten', 'let y = concat(image, conv(«8»))', 'wrong-type', 'conv works on one tensor'],
  ['extra argument', 'let y = image |> relu(«1»)', 'extra-argument', 'relu takes no arguments'],
  ['unknown argument', 'let y = image |> conv(8, «kernal»: 3)', 'unknown-argument', 'did you mean kernel'],
  [
    'repeated argument',
    'let y = image |> conv(8, 3, «kernel»: 5)',
    'repeated-argument',
    'kernel of conv is given twice',
  ],
  [
    'missing argument of a block',
    'block B(x, c) { x |> conv(c) }\n let y = image |> «B»',
    'missing-argument',
    'B needs c',
  ],
  [
    'extra argument of a block',
    'block B(x) { x |> relu }\n let y = image |> B(«8»)',
    'extra-argument',
    'B takes 1 argument',
  ],
  [
    'unknown argument of a block',
    'block B(x, chan = 1) { x |> conv(chan) }\n let y = image |> B(«chna»: 8)',
    'unknown-argument',
    'did you mean chan',
  ],
  [
    'repeated argument of a block',
    'block B(x, c) { x |> conv(c) }\n let y = image |> B(8, «c»: 9)',
    'repeated-argument',
    'c of B',
  ],
  ['padding word', 'let y = image |> conv(8, padding: «"sme"»)', 'wrong-type', 'did you mean same'],
  ['mode word', 'let y = image |> upsample(2, mode: «same»)', 'wrong-type', 'nearest or linear'],
  ['misspelt mode word', 'let y = image |> upsample(2, mode: «nearst»)', 'unknown-name', 'did you mean nearest'],
  ['bool due', 'let y = image |> conv(8, bias: «1»)', 'wrong-type', 'true or false'],
  ['3.5 channels', 'let y = image |> conv(«7 / 2»)', 'not-an-int', '3.5'],
  ['3.5 in a range', 'let y = sum([image |> relu for k in 0..«3.5»])', 'not-an-int', '3.5'],
  ['no channels', 'let y = image |> conv(«0»)', 'out-of-range', 'at least 1'],
  ['division by zero', 'let y = image |> conv(8 / «0»)', 'division-by-zero', '8 / 0'],
  ['remainder by zero', 'let y = image |> conv(8 % («1 - 1»))', 'division-by-zero', '8 % 0'],
  ['overflow', 'let y = image |> conv(«2 ^ 64»)', 'number-overflow', 'too large'],
  ['no real result', 'let y = image |> conv(«(-1) ^ 0.5»)', 'number-overflow', 'no real result'],
  ['number plus list', 'param w = [1, 2]\n let y = image |> conv(len(«w + 1»))', 'wrong-type', 'a list of 2'],
  ['if on a number', 'let y = if «1» then image else image', 'wrong-type', 'if needs true or false'],
  ['comparison of tensors', 'let y = if «image == image» then image else image', 'wrong-type', 'compared'],
  ['list where a tensor is due', 'let y = «[image, image]» |> relu', 'wrong-type', 'a list of 2 tensors'],
  ['tensor by tensor', 'let y = «image / image»', 'wrong-type', '+ - * do'],
  ['number among tensors', 'let y = concat(image, «3»)', 'wrong-type', 'the number 3'],
  ['empty list', 'let y = max(image, «last([])»)', 'empty-list', 'last'],
  ['concat of nothing', 'let y = image + «concat([])»', 'no-inputs', 'empty'],
  ['index out of a list', 'param w = [8, 16]\n let y = image |> conv(w[«2»])', 'index-out-of-list', '0 to 1'],
  ['negative index', 'param w = [8, 16]\n let y = image |> conv(w[«-1»])', 'index-out-of-list', 'last(list)'],
  ['index of a number', 'param w = 8\n let y = image |> conv(«w»[0])', 'wrong-type', 'only a list has items'],
  [
    'cell outside the grid',
    'grid X[i in 0..2] { X[0] = image\n X[i] = «X[i+1]» |> relu }\n let y = X[0]',
    'index-out-of-grid',
    'X[3] is outside the grid: i runs over 0..2',
  ],
  [
    'cell outside a row',
    'grid X[i in 0..1, j in 0..1-i] { X[i, 0] = image\n X[i, j] = «X[i+1, j]» }\n let y = X[0, 1] + X[1, 0]',
    'index-out-of-grid',
    'j runs over 0 where i = 1',
  ],
  [
    'slice that holds the cell itself',
    'grid X[i in 0..2] { X[0] = image\n X[i] = concat(X[0..i-1], «X[i..i]») }\n let y = X[2]',
    'cycle',
    'X[1] -> X[1]',
  ],
  [
    'too few indices',
    'grid X[i in 0..1, j in 0..1] { X[i, j] = image }\n let y = «X[0]»',
    'missing-argument',
    'X has 2 indices',
  ],
  [
    'grid as a value',
    'grid X[i in 0..1, j in 0..1] { X[i, j] = image }\n let y = concat(«X»)',
    'wrong-type',
    'X[0, 0]',
  ],
  [
    'cell no rule defines',
    'grid «X»[i in 0..2] { X[0] = image\n X[i] when i == 1 = image }\n let y = concat(X[0..1])',
    'undefined-cell',
    'X[2]',
  ],
  [
    'rule no cell uses',
    'grid X[i in 0..2] { X[i] = image\n «X[0]» = image |> relu }\n let y = concat(X)',
    'unused-rule',
    'rules above it',
  ],
  [
    'rule that matches no cell',
    'grid X[i in 0..2] { «X[7]» = image\n X[i] = image }\n let y = concat(X)',
    'unused-rule',
    'no cell of the grid',
  ],
  [
    'rule whose guard never holds',
    'grid X[i in 0..2] { «X[i]» when i > 5 = image\n X[i] = image }\n let y = concat(X)',
    'unused-rule',
    'guard',
  ],
  ['rule of another grid', 'grid X[i in 0..1] { «Y»[i] = image }\n let y = concat(X)', 'rule-name', 'grid X'],
  [
    'pattern too short',
    'grid X[i in 0..1, j in 0..1] { «X[i]» = image }\n let y = X[0, 0]',
    'bad-pattern',
    'this pattern has 1',
  ],
  ['pattern with a sum', 'grid X[i in 0..1] { X[«i+1»] = image }\n let y = X[0]', 'bad-pattern', 'when'],
  [
    'pattern bound twice',
    'grid X[i in 0..1, j in 0..1] { X[i, «i»] = image }\n let y = X[0, 0]',
    'bad-pattern',
    'bound twice',
  ],
  [
    'pattern that shadows',
    'let last_ = 1\n grid X[i in 0..last_] { X[«last_»] = image }\n let y = concat(X)',
    'pattern-shadows',
    'when i == last_',
  ],
  [
    'cell that is a list',
    'grid X[i in 0..1] { X[i] = «[image]» }\n let y = concat(X)',
    'wrong-type',
    'X[0] must be a tensor',
  ],
  [
    'cycle of cells',
    'grid X[i in 0..1, j in 0..1] { X[0, 1] = X[1, 0] |> relu\n X[1, 0] = «X[0, 1]» |> relu\n X[i, j] = image }\n let y = X[0, 1] + X[0, 0] + X[1, 1]',
    'cycle',
    'X[0,1] -> X[1,0] -> X[0,1]',
  ],
  ['cycle of lets', 'let a = b + 1\n let b = «a» + 1\n let y = image |> conv(a)', 'cycle', 'a -> b -> a'],
  [
    'cycle through a range',
    'let n = len(«X»)\n grid X[i in 0..n] { X[i] = image }\n let y = concat(X)',
    'cycle',
    'the ranges of X',
  ],
  [
    'range that is a number',
    'grid X[i in «3»] { X[i] = image }\n let y = concat(X)',
    'wrong-type',
    'a range such as 0..4',
  ],
  ['let nothing uses', 'let «z» = image |> relu\n let y = image', 'unused-name', 'nothing uses z'],
  ['param nothing uses', 'param «z» = 1\n let y = image', 'unused-name', 'param z'],
  ['block nothing uses', 'block «Z»(x) { Z(x) }\n let y = image', 'unused-name', 'block Z'],
  [
    'skip passed and not read',
    'block B(x, «skip») { x |> relu }\n let y = image |> B(image)',
    'unused-name',
    'parameter skip',
  ],
  [
    'node nothing uses',
    'grid X[i in 0..2] { X[0] = image\n «X[i]» = X[i-1] |> relu }\n let y = X[1]',
    'unused-node',
    'nothing uses X[2]',
  ],
  [
    'let no head depends on',
    'let «z» = image |> relu\n let n = len([z])\n let y = image |> conv(n)',
    'unused-node',
    'depends on z',
  ],
  ['result nothing uses', 'let y = last([image |> «relu», image])', 'unused-node', 'the result of relu'],
  [
    'dropped skip',
    'grid X[j in 0..0, i in 0..3] { X[0, 0] = image\n X[0, 1] = X[0, 0] |> relu\n X[0, 2] = concat(X[0, 0..1])\n X[0, 3] = concat(X[0, 0], «X[0, 2]»)  }\n let y = X[0, 3]',
    'dropped-skip',
    'X[0,3] reads X[0,0] and X[0,2], but not X[0,1]',
  ],
  ['param that is a tensor', 'param p = «image |> relu»\n let y = p', 'wrong-type', 'a param holds'],
  ['second input', 'input «extra»: f32[N, 1, H, W]\n let y = image + extra', 'extra-input', 'channels'],
  ['endless recursion', 'block B(x) { x |> relu |> «B» }\n let y = image |> B', 'limit-recursion', '200 deep'],
  ['endless branching recursion', 'block B(x) { «B(x)» + B(x) }\n let y = image |> B', 'limit-recursion', '200 deep'],
  ['list too long', 'let n = len(«0..10_000»)\n let y = image |> conv(n)', 'limit-list', '10001 items'],
  [
    'too many nodes',
    'let y = last([last([image |> «relu» for a in 1..10_000]) for b in 1..3])',
    'limit-nodes',
    '20000',
  ],
  [
    'too many steps',
    'let n = len([len(«[a for a in 1..9_000]») for b in 1..9_000])\n let y = image |> conv(n)',
    'limit-steps',
    '2000000',
  ],
  [
    'too many cells',
    'grid X[i in 0..200, «j in 0..200»] { X[i, j] = image }\n let y = X[0, 0]',
    'limit-nodes',
    'cells',
  ],
];

const specs: readonly Case[] = [
  ['no input', 'network «T» { let _a = 1 }', 'no-input', 'declare one'],
  ['no head', 'network «T» { input _image: f32[N, 1, H, W] }', 'no-head', 'declare one'],
  ['no network', '«train { batch = 4 }»', 'no-network', 'write one'],
  [
    'two networks',
    `${small('let y = image')} network «B» { input i: f32[N, 1, H, W]\n head S = i |> sigmoid }`,
    'extra-network',
    'file of its own',
  ],
  ['two train blocks', `${small('let y = image')} train { batch = 1 } «train { batch = 2 }»`, 'extra-train', 'merge'],
  [
    'input without channels',
    'network T { «input image: f32[N, H]»\n head S = image |> sigmoid }',
    'input-shape',
    'f32[N, 3, H, W]',
  ],
  [
    'input with open channels',
    'network T { input image: f32[N, «H», H, W]\n head S = image |> sigmoid }',
    'input-shape',
    'channels must be known',
  ],
  [
    'input of another type',
    'network T { input image: «f64»[N, 3, H, W]\n head S = image |> sigmoid }',
    'input-shape',
    'f32',
  ],
  [
    'head with two indices',
    'network T { input image: f32[N, 3, H, W]\n head S[i in 1..2, «j in 1..2»] = image |> conv(i + j) |> sigmoid }',
    'head-index',
    'one index',
  ],
  [
    'head of a negative level',
    'network T { input image: f32[N, 3, H, W]\n head S[i in «-1..2»] = image |> sigmoid\n output mask = last(S) }',
    'head-index',
    '-1',
  ],
  [
    'head that is a list',
    'network T { input image: f32[N, 3, H, W]\n head S = «[image]»\n output mask = S }',
    'wrong-type',
    'head S must be a tensor',
  ],
  ['head that is not there', nested.replace('last(S)', 'S[«5»]'), 'index-out-of-grid', 'its levels are 1, 2, 3, 4'],
  [
    'head no output reads',
    nested.replace('  output', '  head «T» = X[0, 1] |> conv(1) |> sigmoid\n  output'),
    'unused-head',
    'head T is trained',
  ],
  ['output that is a list', nested.replace('last(S)', '«S»'), 'wrong-type', 'an output is one tensor'],
  ['weights in an output', nested.replace('last(S)', 'last(S) |> «conv(1)»'), 'output-owns-weights', 'nothing trains'],
  ['mode twice', nested.replace('fast ', '«accurate» ').replace(' in fast', ''), 'repeated-setting', 'accurate'],
  ['mode named all', nested.replace('fast ', '«all» ').replace(' in fast', ''), 'reserved-name', 'every head'],
  [
    'second output',
    nested.replace('  expect parameters =', '  output «two» = last(S)\n  expect parameters ='),
    'extra-output',
    'make two a mode of mask',
  ],
  ['unknown level', nested.replace('at L1', 'at «L7»'), 'unknown-level', 'L1, L2, L3, L4'],
  ['unknown mode', nested.replace('in fast', 'in «fats»'), 'unknown-mode', 'did you mean fast'],
  [
    'unknown fact',
    nested.replace('expect parameters at L1', 'expect «paramters» at L1'),
    'unknown-expect',
    'did you mean parameters',
  ],
  ['expectation of another type', nested.replace('= 100_961', '= «[1]»'), 'wrong-type', 'parameters is a number'],
];

const settings: readonly Case[] = [
  ['list of losses', 'loss = «[bce, dice]»', 'bad-loss', '0.5 * bce + dice'],
  ['mean of losses', 'loss = «mean(bce, dice)»', 'bad-loss', 'can be added'],
  ['unknown setting', '«bacth» = 4', 'unknown-setting', 'did you mean batch'],
  ['repeated setting', 'batch = 4 «batch» = 5', 'repeated-setting', 'batch is given twice'],
  ['unknown loss', 'loss = 0.5 * «bec» + dice', 'unknown-loss', 'did you mean bce'],
  ['loss minus loss', 'loss = «bce - dice»', 'bad-loss', '0.5 * bce + dice'],
  ['negative loss', 'loss = «-1» * bce', 'bad-loss', 'positive'],
  ['number as a loss', 'loss = «3»', 'bad-loss', 'a number'],
  ['unknown argument of a loss', 'loss = focal(«gama»: 2)', 'unknown-argument', 'did you mean gamma'],
  ['cross entropy on sigmoid', 'loss = «cross_entropy»', 'loss-activation', 'softmax'],
  ['unknown optimizer', 'optimizer = «adma»(lr: 1e-3)', 'unknown-optimizer', 'did you mean adam'],
  ['learning rate 0', 'optimizer = adam(lr: «0»)', 'out-of-range', 'more than 0'],
  ['nesterov 1', 'optimizer = sgd(nesterov: «1»)', 'wrong-type', 'true or false'],
  ['unknown schedule', 'schedule = «cosin»', 'unknown-schedule', 'did you mean cosine'],
  ['half a batch', 'batch = «2.5»', 'not-an-int', '2.5'],
  ['no epochs', 'epochs = «0»', 'out-of-range', 'at least 1'],
  ['batch as a word', 'batch = «"four"»', 'wrong-type', 'whole number'],
  ['unknown name', 'batch = «bs»', 'unknown-name', 'bs'],
  ['resize and patch', 'resize = [96, 96] «patch» = [64, 64]', 'resize-and-patch', 'exclude each other'],
  ['resize of a volume', 'resize = «[96, 96, 96]»', 'train-size', 'needs 2 numbers'],
  ['unknown augmentation', 'augment = [flip, «rotat»]', 'unknown-augmentation', 'did you mean rotate'],
  ['augmentation twice', 'augment = [flip, «flip»]', 'repeated-setting', 'flip'],
  ['amount of a flip', 'augment = [flip(«2»)]', 'extra-argument', 'flip takes no arguments'],
  ['weights of heads that are not there', 'weights = «[1, 1]»', 'head-weights', 'the heads are S'],
  ['nothing supervised', 'weights = «[0]»', 'head-weights', 'all weights are zero'],
  ['clip 0', 'clip = «0»', 'out-of-range', 'more than 0'],
  ['unknown normalization', 'normalize = «imge»', 'wrong-type', 'did you mean image'],
  ['unknown rule for masks', 'masks = «treshold»(128)', 'mask-rule', 'did you mean threshold'],
  ['number as a rule for masks', 'masks = «128»', 'mask-rule', 'known here: threshold'],
  ['rule without its classes', 'masks = «colors»', 'mask-rule', 'colors(["#000000", "#ff0000"])'],
  ['color that is none', 'masks = «colors»(["black", "red"])', 'mask-rule', 'takes a list of colors'],
  ['value of two classes', 'masks = values(«[0, [3, 0]]»)', 'mask-rule', '0 is named twice'],
  ['unknown argument of a rule', 'masks = threshold(«below»: 3)', 'unknown-argument', 'below'],
  ['threshold of a word', 'masks = threshold(«"half"»)', 'wrong-type', 'number'],
  ['unknown orientation', 'orientation = «sideways»', 'wrong-type', 'stored or exif'],
  ['all held out', 'holdout = «1»', 'out-of-range', 'less than 1'],
];

function check([, marked, code, says]: Case): void {
  const start = marked.indexOf('«');
  const end = marked.indexOf('»') - 1;
  const text = marked.replace(/[«»]/g, '');
  const { diagnostics } = run(text);
  const found = diagnostics.find((d) => d.code === code);
  expect(found, `${code} among:\n${brief(diagnostics).join('\n')}`).toBeDefined();
  if (found === undefined) return;
  expect(text.slice(found.span.start.offset, found.span.end.offset)).toBe(text.slice(start, end));
  expect(found.span.start.offset).toBe(start);
  expect([found.message, ...found.hints].join('\n')).toContain(says);
  for (const line of [found.message, ...found.hints]) expect(line).not.toMatch(/\.$|undefined|NaN|\[object/);
  expect(renderDiagnostic(found, { file: 'a.unet', text, color: false })).toContain(
    `error[${code}]`.replace('error', found.severity),
  );
  // One mistake, one message: what follows from it is silent.
  expect(brief(diagnostics)).toHaveLength(1);
}

describe('mistakes in a network', () => {
  for (const c of items) it(c[0], () => check([c[0], small(c[1]), c[2], c[3]]));
});

describe('mistakes in a file', () => {
  for (const c of specs) it(c[0], () => check(c));
});

describe('mistakes in a train block', () => {
  for (const c of settings) it(c[0], () => check([c[0], small('let y = image', `train { ${c[1]} }`), c[2], c[3]]));
});

describe('what a newcomer meets', () => {
  it('a range written downwards is told to be empty', () => {
    const { diagnostics } = run(small('grid X[i in 3..0] { X[i] = image }\n let y = X[0]'));
    const outside = diagnostics.find((d) => d.code === 'index-out-of-grid');
    expect(outside?.hints).toEqual(['the range of i is empty: ranges run upwards, from the smaller end to the larger']);
  });

  it('channels written C are told to be a number, unless C is one', () => {
    const spec = (items: string): string =>
      `network N { ${items}\n input image: f32[N, C, H, W]\n output mask = image |> conv(1) |> sigmoid }`;
    expect(brief(run(spec('')).diagnostics)).toEqual([
      '2:22 input-shape: the number of channels must be known, since the sizes of weights follow from it',
    ]);
    expect(run(spec('param C = 3')).diagnostics).toEqual([]);
  });

  it('last of a single head', () => {
    const { diagnostics } = run(small('let y = image').replace('output mask = S', 'output mask = last(S)'));
    expect(diagnostics.map((d) => [d.code, ...d.hints])).toEqual([['wrong-type', 'it is one already: leave last out']]);
  });

  it('a mistake of syntax makes nothing look unused', () => {
    // What stands behind the broken pipe is lost to the tree, and the grid with it.
    const { diagnostics } = load(
      small('grid X[i in 0..1] { X[i] = image |> relu }\n let y = image |> relu + X[1] |> relu'),
    );
    expect(diagnostics.map((d) => d.code)).toEqual(['pipe-target']);
  });
});
