import { describe, expect, it } from 'vitest';
import { parseCount, parseLevel, parseNumber, parseSettings, parseSize } from '../../cli/flags/options.js';
import { mayColor } from '../../cli/io.js';
import { bytes, count, duration, macs, milliseconds, percent } from '../../cli/render/numbers.js';
import { table } from '../../cli/render/table.js';

describe('numbers', () => {
  it.each([
    [count(9_041_601), '9,041,601'],
    [count(999), '999'],
    [macs(34_500_000_000), '34.5 G'],
    [macs(12), '12'],
    [bytes(1_536), '1.50 KiB'],
    [bytes(0), '0 B'],
    [percent(0.8365), '83.65'],
    [percent(undefined), '-'],
    [milliseconds(1310), '1.31 s'],
    [duration(65), '1:05'],
    [duration(7985), '2:13:05'],
  ])('%s is %s', (found, due) => expect(found).toBe(due));
});

describe('tables', () => {
  it('align, and leave no blanks at the end of a line', () => {
    const text = table<[string, number]>(
      [
        { title: 'name', value: ([name]) => name },
        { title: 'n', value: ([, n]) => String(n), align: 'right' },
        { title: 'note', value: () => '' },
      ],
      [
        ['a', 1],
        ['longer', 100],
      ],
    );
    expect(text).toBe('name      n  note\na         1\nlonger  100');
  });
});

describe('options', () => {
  it('read what people write', () => {
    expect(parseSize('256x128')).toEqual([256, 128]);
    expect(parseSize('64X64x32')).toEqual([64, 64, 32]);
    expect(parseSize('96')).toEqual([96]);
    expect(parseLevel('L3')).toBe(3);
    expect(parseLevel('2')).toBe(2);
    expect(parseSettings(['a=1', 'b=[2, 3]', 'a=x=y'])).toEqual({ a: 'x=y', b: '[2, 3]' });
    expect(parseNumber('3e-4', '--lr')).toBe(3e-4);
  });

  it.each(['0x4', '-4x4', '4x', '1x2x3x4', '', '1e3', '4.5x4'])('refuse the size %j', (text) => {
    expect(() => parseSize(text)).toThrow(/is not a size/);
  });

  it.each(['0', '-1', '1.5', 'x', '', '99999999999'])('refuse the count %j', (text) => {
    expect(() => parseCount(text, '--batch')).toThrow(/--batch/);
  });

  it.each(['0', '-1', 'x', '', 'NaN', 'Infinity'])('refuse the rate %j', (text) => {
    expect(() => parseNumber(text, '--lr')).toThrow(/--lr/);
  });
});

describe('colour', () => {
  it('is for terminals, unless NO_COLOR says otherwise', () => {
    expect(mayColor({ isTTY: true }, {})).toBe(true);
    expect(mayColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(mayColor({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(mayColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(mayColor({}, {})).toBe(false);
  });
});
