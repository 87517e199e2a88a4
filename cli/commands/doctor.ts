import { availableParallelism, totalmem } from 'node:os';
import { version } from '../../runtime/version.js';
import { chooseEngine } from '../engines.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

interface Finding {
  readonly name: string;
  readonly available: boolean;
  readonly devices: readonly string[];
  readonly reason?: string;
}

/** `unetc doctor`: what this machine has, what is missing and how to get it. An engine that won't load is a finding, not an error. */
export async function doctor(): Promise<Outcome> {
  const engines = [
    await findOrt(),
    { name: 'tfjs', available: false, devices: [], reason: 'not available yet in this version' },
  ];
  const images = await findSharp();
  const system = {
    unetc: version(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
  const line = (f: Finding): string =>
    `${f.available ? 'ok     ' : 'missing'}  ${f.name}${f.devices.length > 0 ? ` (${f.devices.join(', ')})` : ''}${f.reason ? `: ${f.reason}` : ''}`;
  const text = [
    `unetc ${system.unetc} on Node ${system.node}, ${system.platform}, ${system.cores} cores, ${bytes(system.memoryBytes)}`,
    '',
    ...engines.map(line),
    line(images),
  ].join('\n');
  const ready = engines.some((e) => e.available) && images.available;
  return { json: { ok: ready, engines, images, system }, text, exit: ready ? 0 : 1 };
}

const reinstall = "run 'npm ci' on this machine: its native part is chosen for the platform";

async function findOrt(): Promise<Finding> {
  try {
    const engine = await chooseEngine({ engine: 'ort' });
    const status = await engine.status();
    return { name: 'ort', ...status, ...(status.reason ? { reason: `${status.reason}; ${reinstall}` } : {}) };
  } catch (error) {
    return { name: 'ort', available: false, devices: [], reason: `${firstLine(error)}; ${reinstall}` };
  }
}

async function findSharp(): Promise<Finding> {
  try {
    const { default: sharp } = await import('sharp');
    return {
      name: 'images',
      available: true,
      devices: [`sharp ${sharp.versions.sharp}`, `libvips ${sharp.versions.vips}`],
    };
  } catch (error) {
    return { name: 'images', available: false, devices: [], reason: `${firstLine(error)}; ${reinstall}` };
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
