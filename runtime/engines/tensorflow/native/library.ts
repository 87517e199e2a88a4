import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Kind, Located, NativeLibrary } from '../../native/library.js';
import { builds, cudaLibraries, isKept } from './wheels.js';

/** TensorFlow's shared library, with the C API. */
export const tensorFlowLibrary: NativeLibrary = {
  title: 'TensorFlow',
  engine: 'tensorflow',
  folder: 'tensorflow',
  builds,
  whyNoGpu: (machine) => `TensorFlow for GPUs is to be had for linux-x64 with an NVIDIA GPU, and this is ${machine}`,
  isKept,
  own: {
    variable: 'UNETC_TENSORFLOW',
    folders: ['', 'tensorflow', 'lib', 'deps/lib'],
    name: /^(libtensorflow(_cc)?\.so(\.\d+)*|libtensorflow(_cc)?(\.\d+)*\.dylib|tensorflow\.dll)$/,
    due: 'a libtensorflow.so.2 or libtensorflow_cc.so.2',
    describe,
  },
  impossibility: ({ avx }) =>
    avx === false
      ? {
          missing: 'TensorFlow needs a CPU with AVX, and this one has none',
          remedy: 'use --engine ort, which comes with unetc',
        }
      : undefined,
};

/** A library and what lies beside it: its framework half, and CUDA's libraries in a folder of Python packages. */
async function describe(library: string, source: string, kind?: Kind): Promise<Located> {
  const folder = dirname(library);
  const names = await readdir(folder).catch(() => []);
  const frameworks = names
    .filter((name) => /^libtensorflow_framework(\.so(\.\d+)*|(\.\d+)*\.dylib)$/.test(name))
    .sort((a, b) => a.length - b.length)
    .slice(0, 1);
  const cuda: string[] = [];
  for (const path of cudaLibraries.map((p) => join(folder, '..', p))) {
    if (await stat(path).catch(() => undefined)) cuda.push(path);
  }
  const real = await realpath(library).catch(() => library);
  const version = /(\d+\.\d+\.\d+)(\.dylib)?$/.exec(real)?.[1];
  return {
    library,
    preload: [...cuda, ...frameworks.map((name) => join(folder, name))],
    ...(version ? { version } : {}),
    kind: kind ?? (cuda.length > 0 ? 'gpu' : 'cpu'),
    source,
  };
}
