import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Located, Missing } from '../../native/library.js';
import { type LocateOptions, libraryIn, locate } from '../../native/locate.js';
import { tensorFlowLibrary } from './library.js';

/**
 * Finds TensorFlow, without loading it: UNETC_TENSORFLOW (a library, or a folder that has one), what `unetc engine
 * install tfjs` brought (that for the GPU first where there is one), then the library of a @tensorflow/tfjs-node-gpu or
 * @tensorflow/tfjs-node, installed beside the user's work or beside unetc.
 */
export const locateTensorFlow = (options: LocateOptions = {}): Promise<Located | Missing> =>
  locate(tensorFlowLibrary, options, async (gpu, cwd) => {
    for (const name of gpu ? ['tfjs-node-gpu', 'tfjs-node'] : ['tfjs-node', 'tfjs-node-gpu']) {
      const found = await fromPackage(`@tensorflow/${name}`, cwd);
      if (found) return found;
    }
    return undefined;
  });

/** The native library of an installed package; that it may lack (install scripts were off) is no error. */
async function fromPackage(name: string, cwd: string): Promise<Located | undefined> {
  const { own } = tensorFlowLibrary;
  for (const from of [join(cwd, 'package.json'), import.meta.url]) {
    let manifest: string;
    try {
      manifest = createRequire(from).resolve(`${name}/package.json`);
    } catch {
      continue;
    }
    const library = await libraryIn([join(dirname(manifest), 'deps/lib')], own.name);
    if (library) return own.describe(library, name, name.endsWith('-gpu') ? 'gpu' : undefined);
  }
  return undefined;
}
