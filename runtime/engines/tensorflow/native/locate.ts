import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Located, Missing } from '../../native/library.js';
import { type LocateOptions, libraryIn, locate } from '../../native/locate.js';
import { installedPackage } from '../../native/package.js';
import { tensorFlowLibrary } from './library.js';

/**
 * Finds TensorFlow, without loading it: UNETC_TENSORFLOW (a library, or a folder that has one), what `unetc engine
 * install tfjs` brought (that for the GPU first where there is one), then the library of a @tensorflow/tfjs-node-gpu or
 * @tensorflow/tfjs-node that is installed where unetc is. Never one that only lies in the current folder or above it.
 */
export const locateTensorFlow = (options: LocateOptions = {}): Promise<Located | Missing> =>
  locate(tensorFlowLibrary, options, async (gpu) => {
    for (const name of gpu ? ['tfjs-node-gpu', 'tfjs-node'] : ['tfjs-node', 'tfjs-node-gpu']) {
      const found = await fromPackage(`@tensorflow/${name}`, options.module);
      if (found) return found;
    }
    return undefined;
  });

/** The native library of an installed package; that it may lack (install scripts were off) is no error. */
async function fromPackage(name: string, module?: string): Promise<Located | undefined> {
  const { own } = tensorFlowLibrary;
  const folder = await installedPackage(name, module ?? dirname(fileURLToPath(import.meta.url)));
  const library = folder && (await libraryIn([join(folder, 'deps/lib')], own.name));
  return library ? own.describe(library, name, name.endsWith('-gpu') ? 'gpu' : undefined) : undefined;
}
