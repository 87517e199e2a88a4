import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  checkSelection,
  countParameters,
  deploy,
  describeRules,
  type Loaded,
  load,
  type Network,
  prune,
  sizeRules,
  trainingPlan,
} from '../../compiler/index.js';

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.unet'));
const read = (name: string): string => readFileSync(`${folder}${name}`, 'utf8');

function networkOf(loaded: Loaded): Network {
  expect(loaded.diagnostics.map((d) => `${d.span.start.line}: ${d.message}`)).toEqual([]);
  if (!loaded.network) throw new Error('no network, and no word why');
  return loaded.network;
}

describe.each(names)('%s', (name) => {
  const text = read(name);

  test('compiles without a word, its expectations included', () => {
    const loaded = load(text);
    networkOf(loaded);
    expect(loaded.hasTrain).toBe(true);
  });

  test.skipIf(!text.includes('expect parameters'))(
    'has expectations that can fail: another number is an error with both',
    () => {
      const wrong = text.replace(/(expect parameters = )([\d_]+)/, (_, head) => `${head}12_345`);
      const messages = load(wrong).diagnostics.map((d) => d.message);
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatch(/12,?345/);
    },
  );

  test('deploys at every level in every mode, fewer weights at each level down', () => {
    const network = networkOf(load(text));
    for (const mode of [...network.modes, 'all']) {
      const counts = network.levels
        .filter((level) => checkSelection(network, { level, mode }) === null)
        .map((level) => countParameters(deploy(network, { level, mode })));
      expect(counts.length).toBe(network.levels.length);
      expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
    }
  });

  test('makes a training step', () => {
    const { network, recipe } = load(text);
    const rules = Object.values(sizeRules(network as Network)).filter((r) => r.symbol !== 'N');
    const size = rules.map((r) => r.modulus);
    const plan = trainingPlan(network as Network, recipe, { batch: 1, size });
    expect(plan.parameters.length).toBe(countParameters(prune(network as Network, { mode: 'all' })));
  });

  test('says what it is before anything else', () => {
    expect(text).toMatch(/^\/\/ \S/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});

// Counted from the architectures, not by this compiler: (cin * k * k + 1) * cout for a convolution, 2c for batch norm; where a
// spec names an implementation, by its own modules. test/parity counts them once more.
const published: readonly (readonly [string, number, string, number])[] = [
  ['unet.unet', 1, 'default', 7_759_521],
  ['wide-unet.unet', 1, 'default', 9_282_246],
  ['unetpp.unet', 1, 'fast', 100_961],
  ['unetpp.unet', 2, 'fast', 511_105],
  ['unetpp.unet', 3, 'fast', 2_204_961],
  ['unetpp.unet', 4, 'fast', 9_041_601],
  ['unetpp.unet', 4, 'accurate', 9_041_700],
  ['unetpp-bn.unet', 1, 'fast', 103_041],
  ['unetpp-bn.unet', 2, 'fast', 519_105],
  ['unetpp-bn.unet', 3, 'fast', 2_236_161],
  ['unetpp-bn.unet', 4, 'fast', 9_163_329],
  ['unetpp-bn.unet', 4, 'accurate', 9_163_428],
  ['attention-unet.unet', 1, 'default', 34_878_573],
  ['unet3plus.unet', 5, 'fast', 26_971_777],
  ['unet3plus.unet', 5, 'accurate', 26_989_637],
  ['resunet.unet', 1, 'default', 13_043_009],
  ['resnet34-unetpp.unet', 1, 'default', 26_078_609],
  ['se-unet.unet', 1, 'default', 24_550_360 - 195],
  ['unetpp-3d.unet', 4, 'accurate', 6_979_844],
  ['xnet.unet', 1, 'default', 26_143_265],
];

test.each(published)('%s at L%i, %s: %i parameters', (name, level, mode, count) => {
  const network = networkOf(load(read(name)));
  expect(countParameters(prune(network, { level, mode }))).toBe(count);
});

test('unetpp-bn at widths 64 to 1024 is the network of 36.63 million', () => {
  const text = read('unetpp-bn.unet').replace(/^ {2}expect .*\n/gm, '');
  const network = networkOf(load(text, { set: { width: '[64, 128, 256, 512, 1024]' } }));
  expect(countParameters(prune(network))).toBe(36_629_828);
});

test('unetpp-3d without D is MONAI’s network in two dimensions', () => {
  const text = read('unetpp-3d.unet')
    .replace('D, H, W]', 'H, W]')
    .replace(/^ {2}expect .*\n/gm, '')
    .replace('[64, 64, 64]', '[64, 64]');
  expect(countParameters(prune(networkOf(load(text))))).toBe(2_410_180);
  expect(describeRules(sizeRules(networkOf(load(read('unetpp-3d.unet')))))).toBe('D, H and W: multiples of 16');
});

/** Halvings on the way down, where they are not four. */
const halvings: Readonly<Record<string, number>> = {
  'starter.unet': 3,
  'resunet.unet': 3,
  'resnet34-unetpp.unet': 5,
  'se-unet.unet': 5,
  'xnet.unet': 5,
};

test('every spec says which sizes it takes: a multiple for each halving', () => {
  for (const name of names) {
    const { N: _, ...rules } = sizeRules(networkOf(load(read(name))));
    const due = 2 ** (halvings[name] ?? 4);
    const axes = name === 'unetpp-3d.unet' ? ['D', 'H', 'W'] : ['H', 'W'];
    expect(Object.fromEntries(Object.entries(rules).map(([axis, rule]) => [axis, rule.modulus]))).toEqual(
      Object.fromEntries(axes.map((axis) => [axis, due])),
    );
  }
});
