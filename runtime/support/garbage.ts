import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Frees now what nobody holds any more. For after a network's state was handed to an engine: V8 sees how large its vectors are
 * only when it is asked for more of them, which in training may be an epoch later.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
