import { type Command, CommanderError } from 'commander';
import { UserError } from '../compiler/user-error.js';
import { visible, visibleLine } from '../grammar/visible.js';
import { fileFailure } from '../runtime/support/files/failure.js';
import { Reported, UsageError } from './errors.js';
import { type Io, type Outcome, processIo } from './io.js';
import { buildProgram } from './program.js';
import { styleFor } from './render/style.js';

/** 0 done, 1 the input is wrong, 2 the use is wrong, 130 interrupted (a process that SIGTERM or SIGHUP ended: 143, 129). */
export type ExitCode = 0 | 1 | 2 | 130;

/** Runs one command line (without `node` and the script) and answers the exit code; never throws. */
export async function main(argv: readonly string[], surroundings: Io): Promise<ExitCode> {
  const io = withVisibleText(surroundings);
  const result: { exit: ExitCode } = { exit: 0 };
  const json = argv.includes('--json');
  const program = buildProgram(io, async (run) => {
    const outcome = await run();
    if (json) io.out(`${JSON.stringify(outcome.json, null, 2)}\n`);
    else if (outcome.text !== '') io.out(`${shownText(outcome, io)}\n`);
    result.exit = outcome.exit ?? 0;
  });
  if (argv.length === 0) {
    io.err(program.helpInformation());
    return 2;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return result.exit;
  } catch (error) {
    const command = commandPath(program, argv);
    return explain(error, io, { json, debug: argv.includes('--debug'), command });
  }
}

/** What of an outcome goes to stdout: names of files, classes and images may hold what a terminal would obey. */
const shownText = ({ text, exact }: Outcome, { showsResults }: Io): string =>
  exact && !showsResults ? text : visible(text);

/** Colours of `styleFor` and of diagnostics, and links: the only sequences that reach a terminal, where it may have any. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with escape
const ours = /(\u001b\[(?:0|1|2|22|31|32|33|36|39)m|\u001b\]8;;[!-~]*\u001b\\)/;

/** The same surroundings, whose messages hold no sequences but ours. */
const withVisibleText = (io: Io): Io => ({
  ...io,
  err: (text) =>
    io.err(
      io.color || io.links
        ? text
            .split(ours)
            .map((part, k) => (k % 2 === 1 ? part : visible(part)))
            .join('')
        : visible(text),
    ),
});

/** `engine install`: the names in `argv` that are commands, each of the one before. */
function commandPath(program: Command, argv: readonly string[]): string | undefined {
  const names: string[] = [];
  let at: Command | undefined = program;
  for (const word of argv) {
    at = at.commands.find((c) => c.name() === word);
    if (!at) break;
    names.push(at.name());
  }
  return names.join(' ') || undefined;
}

interface Shown {
  readonly json: boolean;
  readonly debug: boolean;
  /** The command that was run, if there is one of that name. */
  readonly command?: string;
}

/** Turns whatever was thrown into messages and an exit code. */
function explain(error: unknown, io: Io, { json, debug, command }: Shown): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  // A group of commands without one of them: its help was shown.
  if (error instanceof CommanderError && error.code === 'commander.help' && !json) return 2;
  if (error instanceof Reported) {
    if (json) io.out(`${JSON.stringify(error.json, null, 2)}\n`);
    return 1;
  }
  const { code, message, hint, exit } = describe(error, command ?? 'COMMAND');
  const style = styleFor(io.color);
  if (json && exit !== 130) io.out(`${JSON.stringify({ ok: false, error: { code, message, hint } }, null, 2)}\n`);
  io.err(exit === 130 ? `${message}\n` : `${style.red('error')}: ${visibleLine(message)}\n`);
  if (hint) io.err(`  ${style.cyan('help')}: ${visibleLine(hint)}\n`);
  if (debug && error instanceof Error) io.err(`${error.stack ?? error.message}\n`);
  return exit;
}

interface Described {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly exit: ExitCode;
}

/** What the machine lacks, wherever it is noticed: no mistake in unetc, even where nothing is said of it. */
const shortages = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT', 'EIO'];

function ofTheMachine(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || !shortages.includes(code)) return error;
  return fileFailure('read', path ?? 'a file', error);
}

function describe(thrown: unknown, command: string): Described {
  const error = ofTheMachine(thrown);
  // What `signal.throwIfAborted()` throws: the first Ctrl-C.
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: 'interrupted', message: 'interrupted', hint: '', exit: 130 };
  }
  if (error instanceof UsageError) return { code: 'usage', message: error.message, hint: error.hint, exit: 2 };
  if (error instanceof UserError) return { code: error.code, message: error.message, hint: error.hint ?? '', exit: 1 };
  if (error instanceof CommanderError) {
    // 'error: unknown option '--siz'\n(Did you mean --size?)'
    const [first = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
    const hint =
      suggestion.replace(/^\((.*)\)$/, '$1').replace(/^Did/, 'did') || `'unetc ${command} --help' lists what it takes`;
    return { code: 'usage', message: first, hint, exit: 2 };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message: `internal error: ${message.split('\n')[0]}`,
    hint: 'this is a bug in unetc, please report it; --debug shows the stack',
    exit: 1,
  };
}

/** `main` on the process's own arguments and streams. */
export const runProcess = (): Promise<void> => onProcess((io) => main(process.argv.slice(2), io));

/** Runs one piece of work as a command would be: its text on stdout, errors and exit code as everywhere. */
export const run = (work: (io: Io) => Promise<Outcome>): Promise<void> =>
  onProcess(async (io) => {
    try {
      const outcome = await work(io);
      if (outcome.text !== '') io.out(`${shownText(outcome, io)}\n`);
      return outcome.exit ?? 0;
    } catch (error) {
      return explain(error, io, { json: false, debug: process.argv.includes('--debug') });
    }
  });

/** What asks a process to end, and its number: Ctrl-C, a batch system or a service manager, a terminal that is closed. */
const requests = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

async function onProcess(work: (io: Io) => Promise<ExitCode>): Promise<void> {
  const controller = new AbortController();
  let graceful = false;
  let asked = 0;
  for (const [signal, number] of Object.entries(requests)) {
    process.on(signal, () => {
      if (!graceful || controller.signal.aborted) process.exit(128 + number);
      asked = number;
      controller.abort();
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) is no error.
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`error: can't write the result to stdout: ${error.message}\n`);
    process.exit(1);
  });
  // Messages that nobody reads any more (`2>&1 | head`, a closed terminal) are no reason to give up the work.
  process.stderr.on('error', () => undefined);
  const io = processIo(() => {
    graceful = true;
    return controller.signal;
  });
  const code = await work(withVisibleText(io));
  process.exitCode = code === 130 && asked > 0 ? 128 + asked : code;
}
