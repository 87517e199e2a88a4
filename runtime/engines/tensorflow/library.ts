import { isMissing } from '../native/library.js';
import { type CApi, cApiOf } from './c-api.js';
import { loadTensorFlow } from './native/load.js';
import { locateTensorFlow } from './native/locate.js';

let loaded: Promise<CApi> | undefined;

/** TensorFlow, loaded once in a process. Rejects with what is missing and how to get it. */
export function tensorFlow(): Promise<CApi> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<CApi> {
  const found = await locateTensorFlow();
  if (isMissing(found)) throw new Error(`${found.missing}; ${found.remedy}`);
  return cApiOf(loadTensorFlow(found));
}
