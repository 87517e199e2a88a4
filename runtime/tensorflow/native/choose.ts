import { isOlder, type Machine } from './machine.js';
import { type Build, type Builds, needs } from './wheels.js';

/** Why there is no TensorFlow, and what to do. */
export interface Missing {
  readonly missing: string;
  readonly remedy: string;
}

const ort = 'use --engine ort, which comes with unetc';
const own = `${ort}, or set UNETC_TENSORFLOW to a TensorFlow library made for this machine`;

/** The build for this machine, or why no build that unetc knows runs on it. */
export function chooseBuild(machine: Machine, gpu: boolean, builds: Builds): Build | Missing {
  const { os, arch, glibc } = machine;
  const key = `${os}-${arch}`;
  const impossible = impossibility(machine);
  if (impossible) return impossible;
  if (os === 'linux' && glibc === undefined) {
    return {
      missing:
        "this Linux has no glibc (Alpine and others with musl don't), and TensorFlow's libraries are made for it",
      remedy: `${ort}, or a system or container with glibc, such as node:20-slim`,
    };
  }
  const build = builds[gpu ? `${key}-gpu` : key];
  if (build === undefined && gpu) {
    return {
      missing: `TensorFlow for GPUs is to be had for linux-x64 with an NVIDIA GPU, and this is ${key}`,
      remedy: 'leave --gpu out',
    };
  }
  if (build === undefined) {
    return {
      missing: `unetc knows no TensorFlow for ${key}; it does for linux-x64, linux-arm64 (both with glibc) and darwin-arm64`,
      remedy: os === 'darwin' ? `${own}; on an Apple silicon Mac, run the arm64 build of Node` : own,
    };
  }
  if (glibc !== undefined && isOlder(glibc, needs.glibc)) {
    return {
      missing: `TensorFlow ${build.version} needs glibc ${needs.glibc}, and this system has ${glibc}`,
      remedy: own,
    };
  }
  if (machine.darwin !== undefined && machine.darwin < needs.darwin) {
    return { missing: `TensorFlow ${build.version} needs macOS 12 or later`, remedy: own };
  }
  return build;
}

/** Why not even a library of the user's own would run. */
export const impossibility = (machine: Machine): Missing | undefined =>
  machine.avx === false
    ? { missing: 'TensorFlow needs a CPU with AVX, and this one has none', remedy: ort }
    : undefined;

export const isMissing = <T extends object>(answer: T | Missing): answer is Missing => 'missing' in answer;
