import { availableParallelism, totalmem } from 'node:os';
import { type CpuFeature, cpuFeatures, hasFeature, missingFeatures, readCpu } from '../../runtime/cpu.js';
import { isMissing } from '../../runtime/tensorflow/native/choose.js';
import { locateTensorFlow } from '../../runtime/tensorflow/native/locate.js';
import { glibcVersion } from '../../runtime/tensorflow/native/machine.js';
import { probeTensorFlow } from '../../runtime/tensorflow/native/probe.js';
import { version } from '../../runtime/version.js';
import { chooseEngine } from '../engines.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

interface Finding {
  readonly name: string;
  readonly available: boolean;
  readonly devices: readonly string[];
  readonly version?: string;
  readonly kind?: 'cpu' | 'gpu';
  readonly library?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

/** `unetc doctor`: what this machine has, what is missing and how to get it. An engine that won't load is a finding, not an error. */
export async function doctor(): Promise<Outcome> {
  const engines = [await findOrt(), await findTensorFlow()];
  const images = await findSharp();
  const cpu = await readCpu();
  const lacking = missingFeatures(cpu);
  const features = Object.fromEntries(cpuFeatures.map((f) => [f, hasFeature(cpu, f)])) as Record<
    CpuFeature,
    boolean | null
  >;
  const system = {
    unetc: version(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    glibc: glibcVersion() ?? null,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    cpu: { model: cpu.model, features, missing: lacking },
  };
  const libc = system.glibc ? `, glibc ${system.glibc}` : process.platform === 'linux' ? ', no glibc' : '';
  const found = cpuFeatures.filter((f) => features[f]);
  const text = [
    `unetc ${system.unetc} on Node ${system.node}, ${system.platform}${libc}, ${system.cores} cores, ${bytes(system.memoryBytes)}`,
    `${cpu.model}: ${cpu.flags ? found.join(', ') || 'none of the instruction sets that matter' : 'instruction sets unknown'}`,
    ...lacking.map(({ feature, meaning }) => `  no ${feature}: ${meaning}`),
    '',
    ...[...engines, images].flatMap(shown),
  ].join('\n');
  const ready = engines.some((e) => e.available) && images.available;
  return { json: { ok: ready, engines, images, system }, text, exit: ready ? 0 : 1 };
}

function shown({ name, available, devices, version, library, source, reason, remedy }: Finding): string[] {
  const what = devices.length > 0 ? ` (${devices.join(', ')})` : '';
  const line = `${available ? 'ok     ' : 'missing'}  ${name}${what}${reason ? `: ${reason}` : version ? `: TensorFlow ${version}` : ''}`;
  const indent = ' '.repeat(9);
  return [line, ...(library ? [`${indent}${library}, from ${source}`] : []), ...(remedy ? [`${indent}${remedy}`] : [])];
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

/** Really loads the library, which takes a second: in a process of its own, whatever becomes of that. */
async function findTensorFlow(): Promise<Finding> {
  const name = 'tfjs';
  const found = await locateTensorFlow();
  if (isMissing(found)) return { name, available: false, devices: [], reason: found.missing, remedy: found.remedy };
  const { library, source, kind } = found;
  const probe = await probeTensorFlow(found);
  if (!probe.ok) {
    const remedy =
      source === 'UNETC_TENSORFLOW'
        ? 'unset UNETC_TENSORFLOW or name another library; --engine ort works without'
        : "use --engine ort; 'unetc engine remove tfjs' and 'unetc engine install tfjs' fetch it anew";
    return {
      name,
      available: false,
      devices: [],
      library,
      source,
      reason: probe.reason,
      remedy,
    };
  }
  return { name, available: true, devices: probe.devices, version: probe.version, kind, library, source };
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
