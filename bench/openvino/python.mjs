// The side that is Python: bench/openvino/side.py, a process of its own, which answers line by line.
import { fileURLToPath } from 'node:url';
import { startLines } from '../report/lines.mjs';

const script = fileURLToPath(new URL('side.py', import.meta.url));

/** Starts it: `about` says what it has. Throws with its own words if it can't. */
export async function startPython(python, args) {
  const { about, ask, stop } = await startLines(python, python, [script, ...args]);
  return {
    about,
    /** Seconds of one run. */
    run: async (name) => (await ask(JSON.stringify({ run: name }))).seconds,
    quantize: (from, to) => ask(JSON.stringify({ quantize: from, to })),
    stop: () => stop(),
  };
}
