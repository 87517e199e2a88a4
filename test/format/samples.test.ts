import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { format } from '../../grammar/format/index.js';
import { parse } from '../../grammar/index.js';
import { withoutSpans } from './compare.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const samples = `${root}test/samples/format`;
const read = (file: string): string => readFileSync(file, 'utf8');

describe('samples (UPDATE=1 writes their outputs)', () => {
  test.each(readdirSync(samples))('%s', (name) => {
    const output = `${samples}/${name}/output.unet`;
    const input = read(`${samples}/${name}/input.unet`);
    const { text } = format(input);
    if (process.env.UPDATE === '1') writeFileSync(output, text);
    expect(text).toBe(existsSync(output) ? read(output) : '');
    expect(format(text)).toMatchObject({ text, changed: false });
    expect(withoutSpans(parse(text).tree)).toBe(withoutSpans(parse(input).tree));
  });
});

test.each(readdirSync(`${root}specs`))('specs/%s is in canonical form', (name) => {
  const text = read(`${root}specs/${name}`);
  expect(format(text).text).toBe(text);
});

test('so is the spec of the README', () => {
  const [, spec] = /```unet\n(network [\s\S]*?)```/.exec(read(`${root}README.md`))!;
  expect(format(spec!).text).toBe(spec);
});

describe('limits', () => {
  const whole = (text: string): void => {
    const { text: formatted, changed, kept } = format(text);
    expect([formatted, changed]).toEqual([text, false]);
    expect(kept.map(({ start, end }) => [start.offset, end.offset])).toEqual([[0, text.length]]);
  };

  test('a file of more than 256 Ki characters is left as it is', () => {
    const line = '  param  a = 1\n';
    whole(`network A {\n${line.repeat((256 * 1024) / line.length + 1)}}\n`);
  });

  test('brackets 200 deep and chains 1,000 long are formatted, deeper ones left as they are', () => {
    const nested = (n: number): string => `network A {\n  let  a = ${'f(['.repeat(n / 2)}1${'])'.repeat(n / 2)}\n}\n`;
    expect(format(nested(200))).toMatchObject({ kept: [], changed: true });
    expect(format(nested(202)).kept).toHaveLength(1);
    for (const link of [' + 1', ' |> f', '^1', ' and 1', '[0]', ' * -1', ' < (1)']) {
      expect(format(`network A {\n  let  a = x${link.repeat(900)}\n}\n`).changed).toBe(true);
    }
    expect(format(`network A {\n  let  a = 1${' + 1'.repeat(1_500)}\n}\n`).text).toContain('let  a = 1 + 1');
  });

  test('files made of one thing lose nothing of it, and end in reasonable time', () => {
    const units = [
      '(',
      'f(x: [',
      'if a then b else ',
      '1+',
      '- ',
      'x|>',
      '}',
      '{ ',
      'let a ',
      '"',
      '$',
      'X[',
      '#\n',
      '//\n',
    ];
    for (const unit of [...units, '/**/', 'a = 1 ', '/* */a = 1\n', '[1, // c\n', '1,', 'a = [1,2,(3)]', ';\n']) {
      for (const frame of ['network A { let a = ', 'train {', 'network A { let a = [']) {
        const text = (frame + unit.repeat(32 * 1024)).slice(0, 32 * 1024);
        expect(format(text).text.replace(/[\s,()]/g, '')).toBe(text.replace(/[\s,()]/g, ''));
      }
    }
  });
});
