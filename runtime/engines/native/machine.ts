import { release } from 'node:os';
import { readCpu } from '../../support/cpu.js';

/** What decides whether a native library runs here. */
export interface Machine {
  readonly os: NodeJS.Platform;
  readonly arch: string;
  /** `2.36`; none outside Linux and on a Linux with another C library, such as musl. */
  readonly glibc?: string;
  /** Major version of macOS's kernel: 21 is macOS 12. */
  readonly darwin?: number;
  /** Whether the CPU has AVX, without which TensorFlow for x86 ends the process; unknown outside x86 and Linux. */
  readonly avx?: boolean;
}

export async function thisMachine(): Promise<Machine> {
  const { platform: os, arch } = process;
  const avx = (await readCpu(os, arch)).flags?.has('avx');
  if (os === 'darwin') return { os, arch, darwin: Number.parseInt(release(), 10), avx };
  return { os, arch, glibc: glibcVersion(), avx };
}

/** The version of glibc this process runs on. */
export function glibcVersion(): string | undefined {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (process.platform !== 'linux' || !report) return undefined;
  // Without this the report looks up the name of every open connection.
  report.excludeNetwork = true;
  return (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime;
}

/** Whether version `a` (`2.9`) is lower than `b` (`2.17`), part by part. */
export function isOlder(a: string, b: string): boolean {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  for (let k = 0; k < Math.max(x.length, y.length); k++) {
    const difference = (x[k] ?? 0) - (y[k] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
