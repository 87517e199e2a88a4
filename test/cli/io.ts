import { main } from '../../cli/main.js';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process, as a pipe would see it: no terminal, no colour. */
export async function unetc(...argv: readonly string[]): Promise<Ran> {
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
    interruption: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}
