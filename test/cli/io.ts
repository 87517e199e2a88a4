import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../cli/main.js';

// `auto` takes a TensorFlow or an OpenVINO where one is installed. What these tests are about holds for any engine, and is quickest with the
// one that is always there.
process.env.UNETC_CACHE = join(tmpdir(), 'unetc-no-engines');
delete process.env.UNETC_TENSORFLOW;
delete process.env.UNETC_OPENVINO;

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process, as a pipe would see it: no terminal, no colour, nothing on stdin. */
export const unetc = (...argv: readonly string[]): Promise<Ran> => unetcReading('', ...argv);

/** The same with a text on stdin. */
export async function unetcReading(input: string, ...argv: readonly string[]): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const exit = await main(argv, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    terminal: false,
    color: false,
    links: false,
    input: async () => input,
    interruption: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}
