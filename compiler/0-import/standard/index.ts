import { blocks } from './blocks.js';

/** The files that come with the compiler, by the paths that import them. */
export const standardLibrary: ReadonlyMap<string, string> = new Map([['std:blocks', blocks]]);

/** The file of the standard library that has a block of this name. */
export const standardFileOf = (block: string): string | undefined =>
  [...standardLibrary].find(([, text]) => text.includes(`\nblock ${block}(`))?.[0];
