import type { Page } from '../page.js';

/** Mistakes of the text itself. */
export const syntaxPages = {
  syntax: {
    severity: 'error',
    title: 'the text is not a spec here',
    what: 'The parser expected something else at this place.',
    why: 'Without the missing part the sentence has no meaning; the rest of the file is still checked.',
    fix: 'Write what the message expects, or remove what it did not expect.',
    example: 'let depth = len(width -      // a bracket is open\nlet depth = len(width) - 1',
  },
} as const satisfies Readonly<Record<string, Page>>;
