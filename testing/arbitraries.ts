import fc from 'fast-check';
import { isValidSize, type Network, nextValid, type Sizes, sizeRules } from '../compiler/index.js';
import { type BlockShape, type NetworkShape, specText } from './network-shape.js';

const blockShapes: fc.Arbitrary<BlockShape> = fc.record({
  convs: fc.integer({ min: 1, max: 2 }),
  kernel: fc.constantFrom<1 | 3 | 5>(1, 3, 5),
  dilation: fc.constantFrom<1 | 2>(1, 2),
  norm: fc.constantFrom<BlockShape['norm']>('none', 'batchnorm', 'instancenorm', 'groupnorm', 'layernorm'),
  activation: fc.constantFrom<BlockShape['activation']>('relu', 'leaky_relu', 'prelu', 'elu', 'gelu', 'silu', 'tanh'),
  residual: fc.boolean(),
  excite: fc.boolean(),
  dropout: fc.boolean(),
});

/**
 * Networks as choices; shrinks to a shallow, narrow, plain one. U-Nets and UNet++s 1 to 4 rows deep, in 1 to 3
 * dimensions, with the blocks, poolings, ways up and gates of the literature.
 */
export const networkShapes = (
  limits: { readonly depth?: number; readonly channels?: number } = {},
): fc.Arbitrary<NetworkShape> =>
  fc
    .record({
      rank: fc.constantFrom<1 | 2 | 3>(2, 1, 3),
      channels: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 1, max: 3 }),
      width: fc.array(fc.integer({ min: 1, max: limits.channels ?? 5 }), {
        minLength: 2,
        maxLength: (limits.depth ?? 4) + 1,
      }),
      topology: fc.constantFrom<NetworkShape['topology']>('nested', 'plain'),
      block: blockShapes,
      down: fc.constantFrom<NetworkShape['down']>('maxpool', 'avgpool', 'conv', 'unshuffle'),
      up: fc.constantFrom<NetworkShape['up']>('nearest', 'conv_transpose', 'linear', 'corners', 'shuffle'),
      merge: fc.constantFrom<NetworkShape['merge']>('concat', 'add'),
      gate: fc.boolean(),
      heads: fc.constantFrom<NetworkShape['heads']>('all', 'last'),
      softmax: fc.boolean(),
      loss: fc.constantFrom('bce', 'dice', '0.5 * bce + dice', 'focal', 'tversky', 'jaccard'),
      optimizer: fc.constantFrom('adam(lr: 1e-3)', 'sgd(lr: 1e-2)', 'adamw(lr: 1e-3)'),
    })
    .map(({ softmax, ...shape }): NetworkShape => {
      // A softmax over one channel is constant, and binary losses are for sigmoids.
      const exclusive = softmax && shape.classes > 1;
      return {
        ...shape,
        activation: exclusive ? 'softmax' : 'sigmoid',
        loss: exclusive ? 'cross_entropy + dice' : shape.loss,
      };
    });

/** Specs of random well-formed networks, as text. */
export const networkSpecs = (limits?: { readonly depth?: number; readonly channels?: number }): fc.Arbitrary<string> =>
  networkShapes(limits).map(specText);

/** Values for a network's symbols that it takes, N among them: the smallest few, since every size follows one rule. */
export function validSizes(
  network: Network,
  options: { readonly batch?: number; readonly steps?: number } = {},
): fc.Arbitrary<Sizes> {
  const pick = fc.nat({ max: options.steps ?? 2 });
  return fc
    .record({
      batch: fc.integer({ min: 1, max: options.batch ?? 3 }),
      picks: fc.array(pick, { minLength: 3, maxLength: 3 }),
    })
    .map(({ batch, picks }) => nthSizes(network, batch, picks));
}

/** The n-th smallest valid size of each symbol, from 0; picks go to symbols in order. */
export function nthSizes(network: Network, batch: number, picks: readonly number[]): Sizes {
  const sizes: Record<string, number> = { N: batch };
  for (const [k, rule] of Object.values(sizeRules(network)).entries()) {
    let size = nextValid(rule, 1);
    for (let n = 0; n < (picks[k] ?? 0) && size !== null; n++) size = nextValid(rule, size + 1);
    if (size === null) throw new Error(`no size of ${rule.symbol} is valid`);
    sizes[rule.symbol] = size;
  }
  return sizes;
}

/** Sizes of which at least one breaks the network's rule; null if every size is valid. */
export function invalidSizes(network: Network): fc.Arbitrary<Sizes> | null {
  const rules = Object.values(sizeRules(network));
  const largest = (k: number): number => (rules[k]?.modulus ?? 1) * 3 + (rules[k]?.least ?? 1);
  const broken = rules.flatMap((rule, k) =>
    Array.from({ length: largest(k) }, (_, n) => n + 1)
      .filter((n) => !isValidSize(rule, n))
      .map((n) => ({ k, n })),
  );
  if (broken.length === 0) return null;
  return fc
    .tuple(validSizes(network), fc.constantFrom(...broken))
    .map(([sizes, { k, n }]) => ({ ...sizes, [rules[k]?.symbol ?? '']: n }));
}

/** The pairs of level and mode a network has. */
export const selections = (network: Network): fc.Arbitrary<{ level: number; mode: string }> =>
  fc.constantFrom(...network.modeOutputs.map(({ level, mode }) => ({ level, mode })));

/**
 * Other values for a spec's params, as `--set` takes them; the empty record, which everything shrinks to, keeps them as
 * they are. Ints and lists of ints change within reason: divided (so that what divided them tends to go on doing so),
 * a little more or less, lists shortened at either end; bools flip. Floats and strings stay.
 */
export function settings(params: Readonly<Record<string, unknown>>): fc.Arbitrary<Readonly<Record<string, string>>> {
  const choices: Record<string, fc.Arbitrary<string>> = {};
  for (const [name, value] of Object.entries(params)) {
    const others = alternatives(value);
    if (others.length > 0) choices[name] = fc.constantFrom(...others);
  }
  const changed = fc.record(choices, { requiredKeys: [] }).map((set) => ({ ...set }) as Record<string, string>);
  return fc.oneof({ withCrossShrink: true }, fc.constant<Record<string, string>>({}), changed);
}

const divisors = [32, 16, 8, 4, 2] as const;

function alternatives(value: unknown): string[] {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof value === 'number' && Number.isInteger(value)) {
    const near = [value - 1, value + 1].filter((n) => n >= 1 && value >= 1 && value <= 8);
    return [...divisors.filter((d) => value >= d && value % d === 0).map((d) => value / d), ...near].map(String);
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every((v) => Number.isInteger(v) && v > 0)) return [];
  const list = value as readonly number[];
  const lists = [list, ...(list.length > 2 ? [list.slice(0, -1), list.slice(1), list.slice(0, 2)] : [])];
  const divided = divisors.filter((d) => list.every((v) => v % d === 0)).slice(0, 3);
  const smaller = lists.flatMap((l) => divided.map((d) => l.map((v) => v / d)));
  return [...smaller, ...lists.slice(1)].map((l) => `[${l.join(', ')}]`);
}
