import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** Instruction sets that decide how fast a network trains, under the names Linux gives them. */
export const cpuFeatures = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'avx_vnni'] as const;
export type CpuFeature = (typeof cpuFeatures)[number];

export interface Cpu {
  readonly model: string;
  /** Everything the system says this CPU can do; none where it can't be asked, or isn't an x86 CPU. */
  readonly flags?: ReadonlySet<string>;
}

/** What the lack of a feature means, for someone who wonders why training is slow here. */
const meanings: Readonly<Record<CpuFeature, string>> = {
  avx2: 'no 256-bit integer and FMA arithmetic: convolutions are far below what a current CPU does',
  avx512f: '8 floats an instruction instead of 16',
  avx512_bf16: 'no bf16 instructions: stay with fp32',
  amx_bf16: 'no matrix unit for bf16: training in bf16 gains less',
  avx_vnni: 'no int8 dot products: int8 models may be no faster than fp32',
};

/** Linux and macOS are asked; elsewhere the flags are unknown. */
export async function readCpu(platform: NodeJS.Platform = process.platform, arch: string = process.arch): Promise<Cpu> {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  if (arch !== 'x64' && arch !== 'ia32') return { model };
  if (platform === 'linux') {
    const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
    return { model, flags: linuxFlags(text) };
  }
  if (platform === 'darwin') return { model, flags: macFlags(await sysctl()) };
  return { model };
}

/** The flags of the first CPU of a /proc/cpuinfo. */
export function linuxFlags(cpuinfo: string): ReadonlySet<string> | undefined {
  const line = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1];
  return line === undefined ? undefined : new Set(line.trim().split(/\s+/));
}

/** `sysctl`'s features under Linux's names: AVX1.0 is avx, AVX512_BF16 and AVX512BF16 are both in use. */
export function macFlags(features: string): ReadonlySet<string> | undefined {
  const words = features.toLowerCase().trim().split(/\s+/).filter(Boolean);
  const renamed: Readonly<Record<string, string>> = { 'avx1.0': 'avx', avx512bf16: 'avx512_bf16' };
  return words.length === 0 ? undefined : new Set(words.map((word) => renamed[word] ?? word));
}

/** Whether the CPU has a feature; null where that is unknown, or the CPU is of another family. */
export const hasFeature = (cpu: Cpu, feature: CpuFeature): boolean | null => cpu.flags?.has(feature) ?? null;

/** Whether the CPU multiplies in bf16 or int8 by instructions of their own (AMX, VNNI), which not every engine uses. */
export const hasLowPrecisionUnits = ({ flags }: Cpu): boolean =>
  ['amx_int8', 'amx_bf16', 'avx512_vnni', 'avx_vnni'].some((flag) => flags?.has(flag));

/** A word on every feature that is known to be absent. avx512_vnni does what avx_vnni does. */
export const missingFeatures = (cpu: Cpu): { feature: CpuFeature; meaning: string }[] =>
  cpuFeatures
    .filter((feature) => hasFeature(cpu, feature) === false)
    .filter((feature) => feature !== 'avx_vnni' || !cpu.flags?.has('avx512_vnni'))
    .map((feature) => ({ feature, meaning: meanings[feature] }));

const sysctl = (): Promise<string> =>
  new Promise((resolve) =>
    execFile('sysctl', ['-n', 'machdep.cpu.features', 'machdep.cpu.leaf7_features'], (_, stdout) =>
      resolve(String(stdout)),
    ),
  );
