import { removeTensorFlow } from '../../runtime/tensorflow/native/cache.js';
import { installable } from '../engines.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

/** `unetc engine remove NAME`: undoes every install of it. */
export async function engineRemove(name: string): Promise<Outcome> {
  installable(name, 'remove');
  const removed = await removeTensorFlow();
  const text =
    removed.removed.length === 0
      ? 'nothing to remove: unetc installed no TensorFlow here'
      : [...removed.removed.map((path) => `removed ${path}`), `${bytes(removed.freedBytes)} freed`].join('\n');
  return { json: { engine: 'tfjs', ...removed }, text };
}
