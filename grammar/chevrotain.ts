import type * as Chevrotain from 'chevrotain';

/**
 * The parser library, by its quickest door. Its entry point pulls in some four hundred modules, which takes longer to
 * load than everything else `unetc check` does; the same package carries the same code as one file, thirty times
 * quicker, but does not list it in its exports. So the file is looked up beside the entry point. Where that fails (a
 * bundler, a release without the file) the entry point serves as well.
 */
async function load(): Promise<typeof Chevrotain> {
  try {
    return await import(new URL('../chevrotain.mjs', import.meta.resolve('chevrotain')).href);
  } catch {
    return await import('chevrotain');
  }
}

export const { createToken, EmbeddedActionsParser, EOF, Lexer, tokenMatcher } = await load();

export type { ILexingError, IToken, TokenType } from 'chevrotain';
