import type { Example } from '../../compiler/diagnostics/page.js';
import type { LoadOptions, Resolve } from '../../compiler/index.js';

/** The numbers of `n = 1..101`. */
export function counted(range: string): number[] {
  const [, from, to] = /^n = (\d+)\.\.(\d+)$/.exec(range) ?? [];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, k) => Number(from) + k);
}

const numbered = (text: string, n: number): string => text.replaceAll('{n}', String(n));

/** The text that a reader would write for it, with every line that `// … n = 1..101` stands for. */
const writtenOut = (text: string): string =>
  text
    .split('\n')
    .flatMap((line) => {
      const [, once, range] = /^(.*?)\s*\/\/ … (n = \d+\.\.\d+)$/.exec(line) ?? [];
      return once === undefined || range === undefined ? [line] : counted(range).map((n) => numbered(once, n));
    })
    .join('\n');

/** The files of an example, name -> text, as a reader would write them. */
export const filesOf = ({ files }: Example): Map<string, string> =>
  new Map(
    files.flatMap(({ name, times, text }) =>
      times === undefined
        ? [[name, `${writtenOut(text)}\n`] as const]
        : counted(times).map((n) => [numbered(name, n), `${numbered(text, n)}\n`] as const),
    ),
  );

/** The words of an example's command behind `unetc`. */
export const argvOf = ({ command }: Example): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '').slice(1);

/** As the command line reads a folder that holds these files. */
const resolveIn =
  (files: ReadonlyMap<string, string>): Resolve =>
  (path) =>
    path.startsWith('/') || path.startsWith('../') ? { refused: 'outside' } : (files.get(path) ?? null);

/** The text of an example's spec, and what the compiler needs to read it as its command does. */
export function specOf(example: Example): { text: string; options: LoadOptions } {
  const files = filesOf(example);
  const argv = argvOf(example);
  const set = Object.fromEntries(
    argv.flatMap((word, k) => {
      const [, name, value] = (argv[k - 1] === '--set' && /^(\w+)=(.*)$/.exec(word)) || [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    text: files.get('spec.unet') ?? '',
    options: { set, file: 'spec.unet', resolve: resolveIn(files) },
  };
}
