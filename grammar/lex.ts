import { type IToken, Lexer, type TokenType } from './chevrotain.js';
import type { Said } from './diagnostic.js';
import { replace } from './diagnostic.js';
import type { Mistakes, SyntaxCode } from './mistakes.js';
import { say } from './say.js';
import type { Source } from './source.js';
import * as T from './tokens.js';

export interface Lexed {
  /** Only tokens the grammar knows: what was lexed as a mistake is replaced by what was meant, or left out. */
  readonly tokens: IToken[];
  /**
   * Offsets of the tokens right behind a mistake. What the parser finds wrong there is most likely its echo.
   * The end of the text counts as a token.
   */
  readonly echoes: ReadonlySet<number>;
}

// Made on first use: building it takes milliseconds that a program which only imports this module need not spend.
let lexer: InstanceType<typeof Lexer> | undefined;

/** Cuts a text into tokens. Never fails: unknown characters are reported and left out. */
export function lex(source: Source, mistakes: Mistakes): Lexed {
  lexer ??= new Lexer(T.lexedTypes, {
    positionTracking: 'onlyOffset',
    skipValidations: true,
    ensureOptimizations: true,
  });
  const { tokens, errors, groups } = lexer.tokenize(source.text);
  /** Where text ends that the parser does not get to see. */
  const ends: number[] = [];
  const report: Reporter = (said, start, end, hint, meant, until = end) => {
    const fix = meant === undefined ? [] : [replace(source.span(start, until), meant, true, orderFor(meant))];
    mistakes.add(said, source.span(start, end), hint, [], fix);
  };

  for (const { offset, length } of errors) {
    const characters = source.text.slice(offset, offset + length);
    const [said, hint] = aboutCharacters(characters);
    ends.push(offset + length);
    report(said, offset, offset + length, hint, meant[characters]);
  }
  for (const token of groups.mistakes ?? []) {
    const start = token.startOffset;
    ends.push(start + token.image.length);
    if (token.tokenType === T.OpenComment) {
      report(say.unterminatedComment.comment(), start, start + 2, 'close it with `*/`');
    } else {
      report(say.unexpectedCharacter.hash(), start, start + 1, 'begin a comment with `//`', '//');
    }
  }
  for (const token of tokens) {
    if (token.tokenType === T.OpenText) ends.push(token.startOffset + token.image.length);
    checkToken(token, report);
  }
  return { tokens, echoes: tokensBehind(ends, tokens, source.text.length) };
}

function tokensBehind(ends: number[], tokens: readonly IToken[], textEnd: number): Set<number> {
  const offsets = new Set<number>();
  ends.sort((a, b) => a - b);
  let next = 0;
  for (const end of ends) {
    while (next < tokens.length && tokens[next]!.startOffset < end) next++;
    offsets.add(tokens[next]?.startOffset ?? textEnd);
  }
  return offsets;
}

const orderFor = (meant: string): string | undefined => (meant === '' ? 'remove it' : undefined);

/** @param meant what was surely meant to stand there, up to `until` (absent: up to `end`) */
type Reporter = (
  said: Said<SyntaxCode>,
  start: number,
  end: number,
  hint: string,
  meant?: string,
  until?: number,
) => void;

/** Turns an identifier that is a keyword into that; reports a token that is a mistake by itself and makes it what was meant. */
function checkToken(token: IToken, report: Reporter): void {
  const start = token.startOffset;
  const end = start + token.image.length;
  switch (token.tokenType) {
    case T.Identifier: {
      const keyword = T.keywords.get(token.image);
      if (keyword !== undefined) {
        become(token, keyword);
        return;
      }
      const at = token.image.search(/[^A-Za-z0-9_]/);
      if (at < 0) return;
      const letters = /^[^A-Za-z0-9_]+/.exec(token.image.slice(at))![0];
      const hint = 'write names with a to z, A to Z, 0 to 9 and _';
      report(say.unexpectedCharacter.letters({ letters }), start + at, start + at + letters.length, hint);
      return;
    }
    case T.BadNumber:
      become(token, T.Int);
      report(say.badNumber.number({ text: clip(token.image) }), start, end, aboutNumber(token.image));
      return;
    case T.Int:
      if (Number(token.image.replaceAll('_', '')) <= Number.MAX_SAFE_INTEGER) return;
      report(say.badNumber.int(), start, end, 'write a smaller int, or a float such as 1e20');
      return;
    case T.Float:
      if (Number.isFinite(Number(token.image.replaceAll('_', '')))) return;
      report(say.badNumber.float(), start, end, 'write a smaller number');
      return;
    case T.OpenText:
      become(token, T.Text);
      report(say.unterminatedString.string(), start, end, 'close it with `"`');
      return;
    case T.ForeignText:
      become(token, T.Text);
      report(
        say.unexpectedCharacter.quote(),
        start,
        start + 1,
        `write \`"${clip(token.image.slice(1, -1))}"\``,
        token.image.includes('"') ? undefined : `"${token.image.slice(1, -1)}"`,
        end,
      );
      return;
    case T.ForeignAnd:
      become(token, T.And);
      report(say.unexpectedCharacter.and(), start, end, 'write `and`', 'and');
      return;
    case T.ForeignOr:
      become(token, T.Or);
      report(say.unexpectedCharacter.or(), start, end, 'write `or`', 'or');
      return;
    default:
  }
  if (token.tokenType === T.Text) {
    for (const found of token.image.matchAll(/\\(.)/gu)) {
      if ('nt"\\'.includes(found[1]!)) continue;
      const from = start + found.index;
      report(
        say.badEscape.escape({ text: found[0] }),
        from,
        from + found[0].length,
        'write `\\\\` for a backslash; the others are `\\"`, `\\n` and `\\t`',
        `\\${found[0]}`,
      );
    }
  }
}

function become(token: IToken, type: TokenType): void {
  token.tokenType = type;
  token.tokenTypeIdx = type.tokenTypeIdx!;
}

const known: Readonly<Record<string, string>> = {
  ';': 'remove it: a line break or a space between two statements is enough',
  '.': 'a number needs a digit on both sides of its point, a range has two points: `0.5`, `0..3`',
  '!': 'write `not`, or `!=` to compare',
  '&': 'write `and`',
  '|': 'write `|>` for a pipe, or `or`',
  '?': 'write `if condition then a else b`',
  $: 'write the name alone',
  '@': 'write the name alone',
  '\\': 'remove it: an expression may go on after a line break',
  "'": 'write strings with `"`',
  '`': 'write strings with `"`',
  '\u201c': 'write strings with `"`',
  '\u201d': 'write strings with `"`',
  '\u2018': 'write strings with `"`',
  '\u2019': 'write strings with `"`',
  '\u2013': 'write `-`',
  '\u2014': 'write `-`',
  '\u2212': 'write `-`',
  '\u00d7': 'write `*`, or `x` in a size such as 256x256',
  '\u00f7': 'write `/`',
  '\u2264': 'write `<=`',
  '\u2265': 'write `>=`',
  '\u2260': 'write `!=`',
  '\u2192': 'write `|>`',
  '\u2026': 'write `..`',
};

/** What is meant by characters that document programs and other languages write. */
const meant: Readonly<Record<string, string>> = {
  ';': '',
  '\u2212': '-',
  '\u2013': '-',
  '\u00f7': '/',
  '\u2264': '<=',
  '\u2265': '>=',
  '\u2260': '!=',
  '\u2192': '|>',
  '\u2026': '..',
  '\u201c': '"',
  '\u201d': '"',
  '\u2018': '"',
  '\u2019': '"',
};

function aboutCharacters(text: string): [said: Said<SyntaxCode>, hint: string] {
  const first = String.fromCodePoint(text.codePointAt(0)!);
  const one = text === first;
  return [
    say.unexpectedCharacter.characters({ one, text: visible(text) }),
    known[first] ??
      (one ? 'remove it, or put it in a string or a comment' : 'remove them, or put them in a string or a comment'),
  ];
}

/** Quotes a text for a message; what does not print is named by its code point. */
function visible(text: string): string {
  const clipped = clip(text);
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S}…]+$/u.test(clipped)) return `\`${clipped}\``;
  return `U+${text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

function aboutNumber(image: string): string {
  if (/^0[xX][0-9a-fA-F]+$/.test(image)) return 'write it in decimal';
  if (/_$|__/.test(image)) return 'put `_` between two digits only';
  if (/[eE]$/.test(image)) return 'write the exponent: `1e3`';
  return 'put a space or an operator between the number and the name; a name begins with a letter';
}

/** A piece of a text short enough for a message. Cuts between characters. */
export function clip(text: string): string {
  if (text.length <= 24) return text;
  return `${[...text.slice(0, 24)].slice(0, 22).join('')}…`;
}

/** The value of a string token: without its quotes, escapes replaced. A string that was never closed has one quote. */
export function textValue(image: string): string {
  const body = /^(["'])((?:[^\\]|\\.)*)\1$/.exec(image)?.[2] ?? image.slice(1);
  return body.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c));
}
