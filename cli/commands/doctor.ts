import { availableParallelism, totalmem } from 'node:os';
import type { EngineEntry, NativeParts } from '../../runtime/engines/entry.js';
import { damagedFile, installOf } from '../../runtime/engines/native/cache.js';
import { currentFolderVariables } from '../../runtime/engines/native/environment.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import { glibcVersion } from '../../runtime/engines/native/machine.js';
import { nativeEngines } from '../../runtime/engines/registry.js';
import { type CpuFeature, cpuFeatures, hasFeature, missingFeatures, readCpu } from '../../runtime/support/cpu.js';
import { version } from '../../runtime/support/version.js';
import { chooseEngine } from '../flags/engines.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

interface Finding {
  readonly name: string;
  readonly available: boolean;
  readonly devices: readonly string[];
  /** With what it is the version of: `TensorFlow 2.20.0`. */
  readonly title?: string;
  readonly version?: string;
  readonly kind?: 'cpu' | 'gpu';
  readonly library?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

/** `unetc doctor`: what this machine has, what is missing and how to get it. An engine that won't load is a finding, not an error. */
export async function doctor(): Promise<Outcome> {
  const engines = [await findOrt()];
  for (const engine of nativeEngines) engines.push(await findNative(engine));
  const images = await findSharp();
  const cpu = await readCpu();
  const lacking = missingFeatures(cpu);
  const unsafe = currentFolderVariables(process.env);
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
    currentFolderVariables: unsafe,
  };
  const libc = system.glibc ? `, glibc ${system.glibc}` : process.platform === 'linux' ? ', no glibc' : '';
  const found = cpuFeatures.filter((f) => features[f]);
  const text = [
    `unetc ${system.unetc} on Node ${system.node}, ${system.platform}${libc}, ${system.cores} cores, ${bytes(system.memoryBytes)}`,
    `${cpu.model}: ${cpu.flags ? found.join(', ') || 'none of the instruction sets that matter' : 'instruction sets unknown'}`,
    ...lacking.map(({ feature, meaning }) => `  no ${feature}: ${meaning}`),
    ...unsafe.map(
      (name) => `  ${name} has an empty or relative entry: every program loads libraries of its current folder`,
    ),
    '',
    ...[...engines, images].flatMap(shown),
  ].join('\n');
  const ready = engines.some((e) => e.available) && images.available;
  return { json: { ok: ready, engines, images, system }, text, exit: ready ? 0 : 1 };
}

function shown({ name, available, devices, title, version, library, source, reason, remedy }: Finding): string[] {
  const what = devices.length > 0 ? ` (${devices.join(', ')})` : '';
  const line = `${available ? 'ok     ' : 'missing'}  ${name}${what}${reason ? `: ${reason}` : version ? `: ${title} ${version}` : ''}`;
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
async function findNative({ name, title, native }: EngineEntry & { readonly native: NativeParts }): Promise<Finding> {
  const { library: known, locate, probe } = native;
  const { own } = known;
  const found = await locate();
  if (isMissing(found)) return { name, available: false, devices: [], reason: found.missing, remedy: found.remedy };
  const { library, source, kind } = found;
  const install = installOf(known, library);
  const damaged = install && (await damagedFile(install));
  if (damaged) {
    const reason = `${damaged} is not what was installed: its SHA-256 is another`;
    const remedy = `'unetc engine remove ${name}' and 'unetc engine install ${name}' fetch it anew`;
    return { name, available: false, devices: [], library, source, reason, remedy };
  }
  const probed = await probe(found);
  if (!probed.ok) {
    const remedy =
      source === own.variable
        ? `unset ${own.variable} or name another library; --engine ort works without`
        : `use --engine ort; 'unetc engine remove ${name}' and 'unetc engine install ${name}' fetch it anew`;
    return { name, available: false, devices: [], library, source, reason: probed.reason, remedy };
  }
  return { name, available: true, devices: probed.devices, title, version: probed.version, kind, library, source };
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
