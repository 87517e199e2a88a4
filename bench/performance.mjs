#!/usr/bin/env node
// Remakes docs/performance.md, the tables of what was promised and what was measured:
//
//   npm run bench -- [NAME...] [--python PATH] [--rounds N] [--run RUN --data DIR]
//
// A NAME is a file of bench/performance/; without one all are run, a matter of hours. Those not run keep their table, with the machine and
// the day it was measured on. --python names an interpreter with bench/torch/requirements.txt installed; what needs a peer
// is left out without it. --run is a trained run, on --data, for what is measured on one; else a short one is trained. Every figure is also a line of docs/performance.jsonl, and a figure that is worse by a tenth than the last
// one of the same machine and name is said to be.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { page, resultOf } from './report/page.mjs';

const { values: options, positionals } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    run: { type: 'string' },
    data: { type: 'string' },
  },
  allowPositionals: true,
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [history, latest, document] = ['jsonl', 'json', 'md'].map((end) => here(`../docs/performance.${end}`));
const names = readdirSync(here('performance'))
  .map((file) => file.replace(/\.mjs$/, ''))
  .sort();
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`there is no bench ${unknown}: use ${names.join(', ')}`);
  process.exit(2);
}

const machine = `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const day = new Date().toISOString().slice(0, 10);
const before = existsSync(history) ? readFileSync(history, 'utf8').trim().split('\n').map(JSON.parse) : [];
const results = existsSync(latest) ? JSON.parse(readFileSync(latest, 'utf8')) : {};

if (loadavg()[0] > 0.5)
  console.error(`this machine is busy (load ${loadavg()[0].toFixed(1)}): figures will mean little`);

function write(path, text) {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

for (const name of positionals.length > 0 ? positionals : names) {
  const { title, measure } = await import(`./performance/${name}.mjs`);
  console.error(`${name}: ${title}`);
  try {
    const note = (text) => console.error(`  ${text}`);
    const measured = await measure({ ...options, rounds: Number(options.rounds), note });
    results[name] = resultOf(name, { title, machine, commit, day, ...measured }, before);
  } catch (error) {
    console.error(`  left out: ${error.message}`);
    process.exitCode = 1;
    continue;
  }
  const lines = results[name].rows
    .filter(({ figure }) => figure !== null)
    .map(({ what, figure }) => JSON.stringify({ day, commit, machine, bench: name, what, figure }));
  appendFileSync(history, lines.map((line) => `${line}\n`).join(''));
  write(latest, `${JSON.stringify(results, null, 1)}\n`);
  write(document, page(names.flatMap((key) => results[key] ?? [])));
}
process.exit();
