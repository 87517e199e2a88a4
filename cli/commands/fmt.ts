import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { UserError } from '../../compiler/user-error.js';
import { type Formatted, format } from '../../grammar/format/index.js';
import { grammarLimits } from '../../grammar/index.js';
import { readSpec } from '../../runtime/run/load-file.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { UsageError } from '../errors.js';
import type { Io, Outcome } from '../io.js';
import { styleFor } from '../render/style.js';

/**
 * `unetc fmt FILE... [--check]`: files are written only if they change; what does not parse in them is left as it is,
 * which is no failure: `check` says what is wrong.
 */
export async function fmt(files: readonly string[], options: { check?: boolean }, io: Io): Promise<Outcome> {
  if (files.includes('-')) {
    if (files.length > 1)
      throw new UsageError("'-' stands for stdin and goes with no file", 'unetc fmt - <in.unet >out.unet');
    return fmtInput(options, io);
  }
  const reports = [];
  for (const file of files) {
    const text = await readSpec(file);
    checkText(file, text, text.includes('\ufffd') && !isUtf8(await readFile(file)));
    const formatted = format(text);
    if (formatted.changed && !options.check) await writeAtomic(file, formatted.text);
    tellKept(io, file, formatted);
    reports.push({ file, changed: formatted.changed, kept: formatted.kept });
  }
  const changed = reports.filter((report) => report.changed).map((report) => report.file);
  const ok = !options.check || changed.length === 0;
  if (options.check) {
    const text = ok ? '' : [...changed, `${count(changed.length)} not in canonical form`].join('\n');
    return { json: { ok, files: reports }, text, exit: ok ? 0 : 1 };
  }
  return { json: { ok, files: reports }, text: changed.map((file) => `rewrote ${file}`).join('\n') };
}

async function fmtInput({ check }: { check?: boolean }, io: Io): Promise<Outcome> {
  const input = await io.input();
  checkText('stdin', input, input.includes('\ufffd'));
  const formatted = format(input);
  tellKept(io, 'stdin', formatted);
  const { text, changed, kept } = formatted;
  const ok = !check || !changed;
  const json = { ok, files: [{ file: '-', changed, kept, ...(check ? {} : { text }) }] };
  // The line break at the end is the command line's own.
  return { json, text: check ? '' : text.replace(/\n$/, ''), exact: true, exit: ok ? 0 : 1 };
}

/** @param damaged whether bytes were lost when the text was read, so that they would be lost for good when it is written */
function checkText(file: string, { length }: string, damaged: boolean): void {
  if (damaged) throw new UserError('not-a-spec', `${file} is not encoded in UTF-8`, 'save it in that encoding');
  if (length <= grammarLimits.file) return;
  const message = `${file} has ${length} characters, more than the ${grammarLimits.file} a spec may have`;
  throw new UserError('limit-file', message, 'say with a comprehension, a grid or a block what repeats');
}

function tellKept(io: Io, file: string, { kept }: Formatted): void {
  const note = styleFor(io.color).yellow('note');
  for (const { start, end } of kept) {
    const what = start.line === end.line ? `line ${start.line} does` : `lines ${start.line} to ${end.line} do`;
    io.err(`${note}: ${file}: ${what} not parse, left as written\n`);
  }
}

const count = (files: number): string => (files === 1 ? '1 file is' : `${files} files are`);
