import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Located, Missing, NativeLibrary } from '../../native/library.js';
import { type LocateOptions, locate } from '../../native/locate.js';
import { builds, isKept } from './wheels.js';

/** OpenVINO's shared libraries, with the C API. */
export const openVinoLibrary: NativeLibrary = {
  title: 'OpenVINO',
  engine: 'openvino',
  folder: 'openvino',
  builds,
  whyNoGpu: () => "OpenVINO has one build, which runs on CPUs and on Intel's GPUs",
  isKept,
  own: {
    variable: 'UNETC_OPENVINO',
    folders: ['', 'openvino/libs', 'libs', 'lib', 'runtime/lib/intel64', 'runtime/bin/intel64/Release'],
    name: /^(libopenvino_c\.so(\.\d+)*|libopenvino_c(\.\d+)*\.dylib|openvino_c\.dll)$/,
    due: 'a libopenvino_c.so or openvino_c.dll',
    describe,
  },
};

/** Finds OpenVINO, without loading it: UNETC_OPENVINO, then what `unetc engine install openvino` brought. */
export const locateOpenVino = (options: LocateOptions = {}): Promise<Located | Missing> =>
  locate(openVinoLibrary, options);

/** On Windows with what it needs from its own folder. */
async function describe(library: string, source: string): Promise<Located> {
  const folder = dirname(library);
  const names = library.endsWith('.dll') ? await readdir(folder).catch(() => []) : [];
  const preload = ['tbb12.dll', 'openvino.dll'].filter((name) => names.includes(name));
  return { library, preload: preload.map((name) => join(folder, name)), kind: 'cpu', source };
}
