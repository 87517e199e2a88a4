import { describe, expect, it } from 'vitest';
import { defaultRecipe, lossTerm, type Recipe } from '../../compiler/recipe.js';
import { brief, nested, run, small } from './specs.js';

function recipe(train: string, items = 'let y = image'): Recipe {
  const { recipe: made, diagnostics } = run(small(items, `train {\n${train}\n}`));
  expect(brief(diagnostics)).toEqual([]);
  return made;
}

describe('recipe', () => {
  it('of the example', () => {
    const { recipe: made, hasTrain } = run(nested);
    expect(hasTrain).toBe(true);
    expect(made).toEqual({
      ...defaultRecipe,
      optimizer: { ...defaultRecipe.optimizer, lr: 3e-4 },
      schedule: { ...defaultRecipe.schedule, warmup: 1 },
      resize: [96, 96],
      augment: [
        { name: 'flip', amount: 0 },
        { name: 'rotate90', amount: 0 },
        { name: 'brightness', amount: 0.1 },
      ],
    });
  });

  it('is the default without a train block', () => {
    const { recipe: made, hasTrain } = run(small('let y = image'));
    expect([made, hasTrain]).toEqual([defaultRecipe, false]);
  });

  it('sums losses with weights', () => {
    expect(recipe('loss = 2 * (bce + dice / 4) + dice + focal(1.5) * 0.5 + tversky(beta: 0.6)').loss).toEqual([
      { name: 'bce', weight: 2, args: {} },
      { name: 'dice', weight: 1.5, args: {} },
      { name: 'focal', weight: 0.5, args: { gamma: 1.5, alpha: 0.25 } },
      { name: 'tversky', weight: 1, args: { alpha: 0.3, beta: 0.6 } },
    ]);
  });

  it('reads optimizers and schedules', () => {
    expect(recipe('optimizer = sgd(0.1, nesterov: true, weight_decay: 1e-4)').optimizer).toMatchObject({
      name: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 1e-4,
    });
    expect(recipe('optimizer = adamw').optimizer).toMatchObject({ name: 'adamw', lr: 1e-3, weightDecay: 0.01 });
    expect(recipe('schedule = step(every: 10, gamma: 0.5, warmup: 2)').schedule).toMatchObject({
      name: 'step',
      every: 10,
      gamma: 0.5,
      warmup: 2,
    });
    expect(recipe('schedule = poly(0.5)').schedule).toMatchObject({ name: 'poly', power: 0.5 });
    expect(recipe('schedule = constant').schedule.name).toBe('constant');
  });

  it('reads all other settings, with the params of the network', () => {
    const made = recipe(
      'patch = 2 * side  batch = b  epochs = 3  weights = [2]  clip = 1  normalize = image  seed = 7  holdout = 0.1\n augment = [rotate, scale, noise, elastic(2), contrast(amount: 0.3)]',
      'param side = 32\n param b = 4\n let y = image',
    );
    expect(made).toMatchObject({
      patch: [64, 64],
      batch: 4,
      epochs: 3,
      weights: [2],
      clip: 1,
      normalize: 'image',
      seed: 7,
      holdout: 0.1,
    });
    expect(made.augment.map((a) => a.amount)).toEqual([15, 0.2, 0.05, 2, 0.3]);
  });

  it('reads rules for masks', () => {
    const masks = (text: string) => recipe(`masks = ${text}`).masks;
    expect(masks('threshold(128)')).toEqual({ kind: 'threshold', least: 128, invert: false });
    expect(masks('threshold(least: 0.5, invert: true)')).toEqual({ kind: 'threshold', least: 0.5, invert: true });
    expect(masks('nonzero')).toEqual({ kind: 'nonzero', invert: false });
    expect(masks('alpha')).toEqual({ kind: 'alpha', least: 128, invert: false });
    expect(masks('entries')).toEqual({ kind: 'entries' });
    expect(masks('values([0, [3, 4], 7])')).toEqual({ kind: 'values', classes: [[0], [3, 4], [7]] });
    expect(masks('colors(["#000", "#FF0000"])')).toEqual({ kind: 'colors', classes: [['#000000'], ['#ff0000']] });
    expect(masks('invert')).toEqual({ kind: 'invert' });
    expect(recipe('orientation = stored').orientation).toBe('stored');
    expect(recipe('batch = 2').masks).toBeUndefined();
  });

  it('warns of a head that is never supervised', () => {
    const { diagnostics } = run(nested.replace('batch = 16', 'weights = [0, 1, 1, 1]'));
    expect(brief(diagnostics)).toEqual(['37:14 unsupervised-head: head S[1] has weight 0, so it is never supervised']);
  });
});

describe('losses and activations', () => {
  const spec = (end: string, train: string): string =>
    `network T { input image: f32[N, 1, H, W]\n head S = image |> conv(3)${end}\n output mask = S }\n${train}`;
  const codes = (end: string, loss: string): string[] =>
    run(spec(end, `train { loss = ${loss} }`)).diagnostics.map((d) => d.code);
  const fits: readonly [string, string, boolean][] = [
    [' |> sigmoid', 'bce + dice', true],
    [' |> sigmoid', 'focal + tversky + jaccard', true],
    [' |> sigmoid', 'cross_entropy', false],
    [' |> softmax', 'cross_entropy', true],
    [' |> softmax', 'cross_entropy + dice', true],
    [' |> softmax', 'focal', true],
    [' |> softmax', 'dice', false],
    [' |> softmax', 'bce', false],
    ['', 'bce', false],
    ['', 'cross_entropy', false],
    [' |> sigmoid |> upsample(2)', 'bce', true],
    [' |> sigmoid |> relu', 'bce', false],
  ];
  for (const [end, loss, ok] of fits) {
    it(`${loss} after conv${end}: ${ok}`, () => expect(codes(end, loss)).toEqual(ok ? [] : ['loss-activation']));
  }

  it('choose the default loss', () => {
    expect(run(spec(' |> softmax', '')).recipe.loss).toEqual([lossTerm('cross_entropy')]);
    expect(run(spec(' |> softmax', 'train { batch = 2 }')).diagnostics).toEqual([]);
    // Without a train block nothing is said of a head that nobody may want to train.
    expect(run(spec('', '')).diagnostics).toEqual([]);
    expect(run(spec('', 'train { batch = 2 }')).diagnostics.map((d) => d.code)).toEqual(['loss-activation']);
  });
});
