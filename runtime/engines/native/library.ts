import type { Machine } from './machine.js';

/** A file of a package index, pinned by its SHA-256. */
export interface Wheel {
  /** Its name on PyPI. */
  readonly project: string;
  readonly version: string;
  /** pip's name for the platform, for those who fetch it by hand. */
  readonly platform: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Size of the files that are taken out of it. */
  readonly unpackedBytes: number;
}

/** `gpu`: with CUDA, for GPUs of NVIDIA; `cpu`: the other build, which may know GPUs of other makers. */
export type Kind = 'cpu' | 'gpu';

/** A build of a library for one kind of machine. Paths are those within the wheels, which the cache keeps. */
export interface Build {
  readonly name: string;
  readonly version: string;
  readonly kind: Kind;
  readonly library: string;
  /** Libraries to load before it, in this order. */
  readonly preload: readonly string[];
  readonly wheels: readonly Wheel[];
  /** Oldest C library (`2.17`) and kernel of macOS (21 is macOS 12) that it runs on. */
  readonly needs?: { readonly glibc?: string; readonly darwin?: number };
}

/** Keyed by `os-arch` as Node names them, and `-gpu`. */
export type Builds = Readonly<Record<string, Build>>;

/** Why there is no such library, and what to do. */
export interface Missing {
  readonly missing: string;
  readonly remedy: string;
}

export const isMissing = <T extends object>(answer: T | Missing): answer is Missing => 'missing' in answer;

/** A library on this machine. */
export interface Located {
  readonly library: string;
  /** Libraries to load first, in this order. */
  readonly preload: readonly string[];
  /** As far as it can be told without loading it; the library itself answers for sure. */
  readonly version?: string;
  /** What it was made for: `gpu` runs on the CPU where there is no GPU. */
  readonly kind: Kind;
  /** Where it was found, for people: `unetc engine install tensorflow`. */
  readonly source: string;
}

/** What unetc knows of a native library that npm does not bring. Everything else here is taken from it. */
export interface NativeLibrary {
  /** For people: `TensorFlow`. */
  readonly title: string;
  /** The engine on the command line that runs on it: `tensorflow`. */
  readonly engine: string;
  /** Its folder in the cache. */
  readonly folder: string;
  readonly builds: Builds;
  /** Why a machine (`linux-x64`) has no build for NVIDIA's GPUs. */
  readonly whyNoGpu: (machine: string) => string;
  /** The files of a wheel that are kept. */
  readonly isKept: (path: string) => boolean;
  /** A library of the user's own. */
  readonly own: {
    /** The environment variable that names it, or a folder that has it. */
    readonly variable: string;
    /** Where it may lie in such a folder. */
    readonly folders: readonly string[];
    readonly name: RegExp;
    /** What the variable should name, in words: `a libtensorflow.so.2`. */
    readonly due: string;
    /** The library with what lies beside it. */
    readonly describe: (library: string, source: string, kind?: Kind) => Promise<Located>;
  };
  /** Why not even a library of the user's own would run. */
  readonly impossibility?: (machine: Machine) => Missing | undefined;
}
