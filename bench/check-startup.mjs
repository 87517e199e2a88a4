// How long a whole `unetc check` takes, as an editor or a hook sees it: the process from start to exit.
//   node bench/check-startup.mjs [runs] [spec] [--json]
// Fails if the median is over the budget. The bare `node -e 0` stands beside it: what no program can be faster than.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const budget = 150;
const runs = Number(positionals[0] ?? 20);
const spec = positionals[1] ?? fileURLToPath(new URL('../specs/unetpp.unet', import.meta.url));
const launcher = fileURLToPath(new URL('../cli/unetc.mjs', import.meta.url));

function time(args) {
  const times = [];
  for (let k = 0; k < runs + 2; k++) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args);
    if (status !== 0) throw new Error(`${args.join(' ')} exited with ${status}: ${stderr}`);
    if (k >= 2) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(times.length / 2)], least: times[0], most: times[times.length - 1] };
}

const show = (name, { median, least, most }) =>
  console.log(
    `${name.padEnd(12)} median ${median.toFixed(0)} ms, ${least.toFixed(0)} to ${most.toFixed(0)} (${runs} runs)`,
  );

const bare = time(['-e', '0']);
const check = time([launcher, 'check', spec]);
if (options.json) console.log(JSON.stringify({ bare: bare.median, check: check.median }));
else {
  show('node -e 0', bare);
  show('unetc check', check);
}
if (check.median > budget) {
  console.error(`over the budget of ${budget} ms`);
  process.exitCode = 1;
}
