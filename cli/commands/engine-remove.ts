import { removeInstalled } from '../../runtime/engines/native/cache.js';
import { nativeEngine } from '../flags/engines.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

/** `unetc engine remove NAME`: undoes every install of it. */
export async function engineRemove(name: string): Promise<Outcome> {
  const { name: engine, native } = await nativeEngine(name, 'remove');
  const { library } = native;
  const removed = await removeInstalled(library);
  const text =
    removed.removed.length === 0
      ? `nothing to remove: unetc installed no ${library.title} here`
      : [...removed.removed.map((path) => `removed ${path}`), `${bytes(removed.freedBytes)} freed`].join('\n');
  return { json: { engine, ...removed }, text };
}
