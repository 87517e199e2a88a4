// The formatter on a file of some 2,000 lines: specs/starter.unet again and again, its layout spoilt.
// node bench/format.mjs [--rounds 40], after npm run build.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
const { format, parse } = await import('../dist/compiler/index.js');
const spec = readFileSync(new URL('../specs/starter.unet', import.meta.url), 'utf8').replaceAll('\n  ', '\n');
const text = spec.repeat(Math.ceil(2_000 / spec.split('\n').length));

function time(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const formats = [];
const parses = [];
for (let i = 0; i < Number(values.rounds); i++) {
  formats.push(time(() => format(text)));
  parses.push(time(() => parse(text)));
}
const show = ([first, ...others]) => {
  others.sort((a, b) => a - b);
  const [best, median] = [others[0], others[others.length >> 1]];
  return `best ${best.toFixed(1)} ms, median ${median.toFixed(1)} ms, the first ${first.toFixed(0)} ms`;
};
console.log(`${text.split('\n').length - 1} lines, ${text.length} characters`);
console.log(`format: ${show(formats)}`);
console.log(`parse alone: ${show(parses)}`);
