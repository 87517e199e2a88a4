import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { countParameters, type Loaded, load, type Network, prune, sizeRules } from '../../compiler/index.js';

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

  test('says what it is before anything else', () => {
    expect(text).toMatch(/^\/\/ \S/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});

// Counted from the architectures, not by this compiler: (cin * k * k + 1) * cout for a convolution, 2c for batch norm.
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

test('every spec says which sizes it takes: a multiple for each halving', () => {
  for (const name of names) {
    const network = networkOf(load(read(name)));
    const { H, W } = sizeRules(network);
    expect([H?.modulus, W?.modulus]).toEqual(name === 'starter.unet' ? [8, 8] : [16, 16]);
  }
});
