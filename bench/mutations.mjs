// How long a spec of many lines with something wrong takes until its diagnostics are there:
//   npm run build && node bench/mutations.mjs [--lines 1000] [--cases 1000] [--seed 0]
// Each case deletes, inserts or swaps tokens or puts in random bytes, one to three times, at random places. CPU time counts what
// the process did, other work on the machine aside; wall time beside it.
import { parseArgs } from 'node:util';
import { load } from '../dist/compiler/index.js';
import { stream } from '../dist/compiler/random.js';
import { analyse } from '../dist/language/index.js';
import { longSpec } from './long-spec.mjs';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000' },
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
  },
});
const text = longSpec(Number(values.lines));
const tokens = analyse(text).tokens;
const random = stream(Number(values.seed), 'mutations');
const pick = (list) => list[random.int(list.length)];
const word = ({ start, end }) => text.slice(start, end);

const edits = {
  delete: (t) => [{ ...t, text: '' }],
  insert: (t) => [{ start: t.start, end: t.start, text: `${word(pick(tokens))} ` }],
  swap(t) {
    const other = pick(tokens);
    return other.start === t.start
      ? []
      : [
          { ...t, text: word(other) },
          { ...other, text: word(t) },
        ];
  },
  bytes: (t) => [
    {
      start: t.start,
      end: t.start,
      text: String.fromCharCode(
        ...Array(8)
          .fill()
          .map(() => random.int(256)),
      ),
    },
  ],
};

function mutated() {
  const made = [];
  for (let n = random.int(3); n >= 0; n--) made.push(...edits[pick(Object.keys(edits))](pick(tokens)));
  // From the end of the text, so that the places before stay where they are; of two at one place the first counts.
  made.sort((a, b) => b.start - a.start);
  return made.reduce(
    ({ out, from }, e) =>
      e.end > from ? { out, from } : { out: out.slice(0, e.start) + e.text + out.slice(e.end), from: e.start },
    { out: text, from: text.length + 1 },
  ).out;
}

const [walls, cpus, counts] = [[], [], []];
for (let n = -20; n < Number(values.cases); n++) {
  const wrong = mutated();
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const { diagnostics } = load(wrong);
  const taken = performance.now() - wall;
  const { user, system } = process.cpuUsage(cpu);
  // The first cases compile the code itself.
  if (n < 0) continue;
  walls.push(taken);
  cpus.push((user + system) / 1000);
  counts.push(diagnostics.length);
}
const show = (list, digits) => {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(digits);
  return `median ${at(0.5)}, 99 % below ${at(0.99)}, most ${at(1)}`;
};
console.log(`${text.split('\n').length} lines, ${text.length} characters, ${values.cases} cases`);
console.log(`CPU ms: ${show(cpus, 1)}`);
console.log(`wall ms: ${show(walls, 1)}`);
console.log(`diagnostics: ${show(counts, 0)}`);
