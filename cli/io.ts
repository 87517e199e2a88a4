import { createSupportsHyperlinks } from 'supports-hyperlinks';

/** Where a command reads its surroundings and writes: the process itself, or a test's buffers. */
export interface Io {
  /** Results: text, or the one JSON document. */
  readonly out: (text: string) => void;
  /** Messages, warnings, progress. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal: only there are progress bars drawn. */
  readonly terminal: boolean;
  /** Whether `err` may be coloured. */
  readonly color: boolean;
  /** Whether `err` shows hyperlinks: a terminal that is known to, and may be coloured. */
  readonly links: boolean;
  /** Whether `out` is a terminal, which obeys what it is sent. */
  readonly showsResults?: boolean;
  /** Folders that specs may import from, beside each one's own. */
  readonly importRoots?: readonly string[];
  /** All of stdin. */
  readonly input: () => Promise<string>;
  /**
   * Announces that the command stops by itself, in good order, when the signal fires (the first Ctrl-C).
   * A command that never asks is ended at once.
   */
  readonly interruption: () => AbortSignal;
}

/** What a command answers: one value, shown as `text` to people and as `json` to programs. */
export interface Outcome {
  readonly json: unknown;
  /** Ends without a line break. Empty: nothing to say. */
  readonly text: string;
  /** The text is what a program or a file is to have, byte by byte: a drawing, a formatted spec. */
  readonly exact?: true;
  /** 0 done, 1 the input is wrong, 130 stopped by Ctrl-C with everything saved. */
  readonly exit?: 0 | 1 | 130;
}

/** https://no-color.org: any non-empty NO_COLOR turns colour off, on a terminal too. */
export const mayColor = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';

export const processIo = (interruption: () => AbortSignal): Io => ({
  out: (result) => void process.stdout.write(result),
  err: (message) => void process.stderr.write(message),
  showsResults: process.stdout.isTTY === true,
  terminal: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
  color: mayColor(process.stderr, process.env),
  links: mayColor(process.stderr, process.env) && createSupportsHyperlinks(process.stderr),
  input: async () => (await import('node:stream/consumers')).text(process.stdin),
  interruption,
});
