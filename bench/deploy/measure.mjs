// The same networks, with the same weights, as this compiler's ONNX files and as the peers' exports: answers compared, times in turns.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';
import { median } from '../step/statistics.mjs';
import { networks } from './networks.mjs';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Builds one answer of a network; resolves to the file. */
async function build(folder, network, { name, level, mode = network.mode }) {
  const file = join(folder, `${name} of ours.onnx`);
  const flags = [
    ...Object.entries(network.set ?? {}).flatMap(([key, value]) => ['--set', `${key}=[${value}]`]),
    ...(level === undefined || network.name.startsWith('U-Net 3+') ? [] : ['--prune', `L${level}`]),
    ...(mode === undefined ? [] : ['--mode', mode]),
  ];
  const spec = join(folder, `${network.name}.unet`);
  await writeFile(spec, network.spec);
  const weights = join(folder, `${network.name}.safetensors`);
  await run(process.execPath, [here('../../cli/unetc.mjs'), 'build', spec, '-o', file, '--weights', weights, ...flags]);
  return file;
}

/**
 * @param options.python an interpreter with bench/deploy/requirements.txt installed
 * @param options.only names of networks, or nothing for all
 * @param options.onFound told of each export as it is measured
 * @returns for every export how far answers are apart (`off`: ours from the peer's, ours and the peer's from those in double precision), the
 *   spread of the peer's, and seconds of both sides
 */
export async function compare({ python, rounds, only, note = () => undefined, onFound = () => undefined }) {
  const chosen = networks.filter(({ name }) => !only || only.some((part) => name.includes(part)));
  const folder = await mkdtemp(join(tmpdir(), 'unetc-deploy-'));
  try {
    await writeFile(join(folder, 'networks.json'), JSON.stringify(chosen));
    note('PyTorch writes the networks and exports them');
    await run(python, [here('peer.py'), folder], { maxBuffer: 2 ** 26 });
    const found = [];
    for (const network of chosen) {
      for (const asked of network.exports) {
        note(asked.name);
        const files = { ours: await build(folder, network, asked), peer: join(folder, `${asked.name}.onnx`) };
        const exact = await doubles(join(folder, `${asked.name}.f64`));
        const one = { network: network.name, export: asked.name, ...(await takeTurns(files, exact, network, rounds)) };
        found.push(one);
        onFound(one);
      }
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function doubles(file) {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

const distance = (a, b) => a.reduce((most, v, k) => Math.max(most, Math.abs(v - b[k])), 0);

async function takeTurns(files, exact, { channels, size }, rounds) {
  const shape = [1, channels, ...size];
  const data = Float32Array.from({ length: channels * size[0] * size[1] }, (_, k) => (Math.sin(k * 12.9898) + 1) / 2);
  const sides = [];
  for (const [name, file] of Object.entries(files))
    sides.push({ name, predictor: await ort.open(await readFile(file)), seconds: [] });
  try {
    const answers = [];
    for (const { predictor } of sides) answers.push([...(await predictor.run({ data, shape })).values()][0].data);
    const [ours, peer] = answers;
    const mean = peer.reduce((a, b) => a + b, 0) / peer.length;
    const spread = Math.sqrt(peer.reduce((a, v) => a + (v - mean) ** 2, 0) / peer.length);
    const off = { peer: distance(ours, peer), exact: distance(ours, exact), peerExact: distance(peer, exact) };
    for (let round = -2; round < rounds; round++) {
      for (const { predictor, seconds } of round % 2 === 0 ? sides : sides.toReversed()) {
        const from = performance.now();
        await predictor.run({ data, shape });
        if (round >= 0) seconds.push((performance.now() - from) / 1000);
      }
    }
    const [a, b] = sides.map((side) => side.seconds);
    const ratios = a.map((s, round) => s / b[round]).sort((x, y) => x - y);
    const at = (share) => ratios[Math.round(share * (ratios.length - 1))];
    return {
      off,
      spread,
      ours: median(a),
      peer: median(b),
      ratio: median(a) / median(b),
      middle: [at(0.25), at(0.75)],
    };
  } finally {
    for (const { predictor } of sides) await predictor.dispose();
  }
}
