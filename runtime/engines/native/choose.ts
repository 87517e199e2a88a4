import type { Build, Builds, Missing, NativeLibrary } from './library.js';
import { isOlder, type Machine } from './machine.js';

const ort = 'use --engine ort, which comes with unetc';

/** The build of a library for this machine, or why no build that unetc knows runs on it. */
export function chooseBuild(
  known: NativeLibrary,
  machine: Machine,
  gpu: boolean,
  builds: Builds = known.builds,
): Build | Missing {
  const { title, own } = known;
  const { os, arch, glibc } = machine;
  const key = `${os}-${arch}`;
  const otherwise = `${ort}, or set ${own.variable} to a library of ${title} made for this machine`;
  const impossible = known.impossibility?.(machine);
  if (impossible) return impossible;
  if (os === 'linux' && glibc === undefined) {
    return {
      missing: `this Linux has no glibc (Alpine and others with musl don't), and ${title}'s libraries are made for it`,
      remedy: `${ort}, or a system or container with glibc, such as node:20-slim`,
    };
  }
  const build = builds[gpu ? `${key}-gpu` : key];
  if (build === undefined && gpu) {
    return { missing: known.whyNoGpu(key), remedy: 'leave --gpu out' };
  }
  if (build === undefined) {
    return {
      missing: `unetc knows no ${title} for ${key}; it does for ${listed(builds)}`,
      remedy: os === 'darwin' ? `${otherwise}; on an Apple silicon Mac, run the arm64 build of Node` : otherwise,
    };
  }
  const { needs = {} } = build;
  if (glibc !== undefined && needs.glibc !== undefined && isOlder(glibc, needs.glibc)) {
    return {
      missing: `${title} ${build.version} needs glibc ${needs.glibc}, and this system has ${glibc}`,
      remedy: otherwise,
    };
  }
  if (machine.darwin !== undefined && needs.darwin !== undefined && machine.darwin < needs.darwin) {
    // Kernel 20 is that of macOS 11, and so on until kernel 24, of macOS 15.
    return { missing: `${title} ${build.version} needs macOS ${needs.darwin - 9} or later`, remedy: otherwise };
  }
  return build;
}

/** `linux-x64, linux-arm64 (both with glibc) and darwin-arm64` */
function listed(builds: Builds): string {
  const keys = Object.keys(builds).filter((key) => !key.endsWith('-gpu'));
  const linux = keys.filter((key) => key.startsWith('linux-'));
  const others = keys.filter((key) => !key.startsWith('linux-'));
  const libc = linux.length > 1 ? ' (both with glibc)' : ' (with glibc)';
  const names = [...linux.slice(0, -1), ...linux.slice(-1).map((key) => key + libc), ...others];
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' and ');
}
