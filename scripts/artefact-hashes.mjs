// Hashes of all that the command line makes of the presets: every target, level and mode, plans, drawings, diagnostics and ten
// training steps on each engine. A refactoring that changes nothing prints the same lines before and after:
//
//   node scripts/artefact-hashes.mjs before.txt; …; node scripts/artefact-hashes.mjs after.txt; diff before.txt after.txt
//
// ONNX files are hashed without their metadata too (`graph`), which may grow while the network stays the same.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './prepare.mjs';

const [out] = process.argv.slice(2);
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'unetc-hashes-'));
const lines = [];

const sha = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

/** A ModelProto without field 14, metadata_props: protobuf's wire format, top level only. */
function withoutMetadata(bytes) {
  const kept = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const start = at;
    const key = varint();
    if ((key & 7) === 0) varint();
    else if ((key & 7) === 2) {
      const length = varint();
      at += length;
    } else throw new Error(`wire type ${key & 7} at the top level of a model`);
    if (key >>> 3 !== 14) kept.push(bytes.subarray(start, at));
  }
  return Buffer.concat(kept);
}

async function unetc(...args) {
  const command = ['cli/unetc.mjs', ...args];
  return run(process.execPath, command, { cwd: root, maxBuffer: 1 << 28 }).catch((error) => error);
}

function hashFolder(path) {
  const files = readdirSync(path, { recursive: true }).sort();
  return sha(
    files
      .filter((f) => statSync(join(path, f)).isFile())
      .map((f) => `${f} ${sha(readFileSync(join(path, f)))}`)
      .join('\n'),
  );
}

async function build(name, spec, args) {
  const file = join(folder, name.replace(/\W+/g, '-'));
  const { code, stderr } = await unetc('build', spec, '-o', file, ...args);
  if (code) lines.push(`${name} refused ${sha(stderr.replaceAll(file, 'OUT'))}`);
  else if (statSync(file).isDirectory()) lines.push(`${name} ${hashFolder(file)}`);
  else lines.push(`${name} ${sha(readFileSync(file))} graph ${sha(withoutMetadata(readFileSync(file)))}`);
  rmSync(file, { recursive: true, force: true });
}

const jobs = [];
const specs = readdirSync(join(root, 'specs'))
  .filter((f) => f.endsWith('.unet'))
  .sort();
for (const file of specs) {
  const spec = `specs/${file}`;
  const name = basename(file, '.unet');
  const said = async (what, ...args) => {
    const { stdout } = await unetc(...args);
    lines.push(`${name} ${what} ${sha(stdout.replace(/"milliseconds": ?[\d.]+/g, ''))}`);
  };
  jobs.push(() => said('check', 'check', spec, '--json'));
  jobs.push(() => said('plan', 'plan', spec, '--json'));
  for (const format of ['svg', 'dot', 'mermaid', 'html'])
    jobs.push(() => said(format, 'draw', spec, '--format', format));
  for (const target of ['onnx-train', 'tf-train'])
    jobs.push(() => build(`${name} ${target}`, spec, ['--target', target]));
  for (const target of ['onnx', 'tf', 'tfjs', 'tfjs-layers']) {
    for (const level of ['L1', 'L2', 'L3', 'L4']) {
      for (const mode of ['accurate', 'fast', 'all']) {
        jobs.push(() =>
          build(`${name} ${target} ${level} ${mode}`, spec, ['--target', target, '--prune', level, '--mode', mode]),
        );
      }
    }
  }
  for (const args of [
    ['--for', 'plain'],
    ['--for', 'openvino'],
    ['--precision', 'fp16'],
    ['--size', '64x64', '--batch', '2'],
  ]) {
    jobs.push(() => build(`${name} onnx ${args.join(' ')}`, spec, args));
  }
}
const data = join(folder, 'data');
await unetc('init', join(folder, 'starter'), '--data', data);
for (const engine of ['ort', 'tfjs']) {
  for (const preset of ['demo', 'starter', 'se-unet']) {
    jobs.push(async () => {
      const to = join(folder, `run-${engine}-${preset}`);
      const args = [
        '--data',
        data,
        '--out',
        to,
        '--engine',
        engine,
        '--epochs',
        '2',
        '--batch',
        '8',
        '--resize',
        '32x32',
        '--seed',
        '3',
      ];
      const { code, stderr } = await unetc('train', `specs/${preset}.unet`, ...args);
      const losses = code
        ? stderr.split('\n')[0]
        : readFileSync(join(to, 'metrics.jsonl'), 'utf8').match(/"loss":[^,]*/g);
      lines.push(`${preset} trained by ${engine} ${losses}`);
    });
  }
}
const work = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
};
await Promise.all([work(), work()]);
rmSync(folder, { recursive: true, force: true });
const text = `${lines.sort().join('\n')}\n`;
if (out) writeFileSync(out, text);
else process.stdout.write(text);
