import type { Page } from '../page.js';

/** What can be wrong with `import`. */
export const importPages = {
  'import-missing': {
    severity: 'error',
    title: 'an imported file that is not there',
    what: 'No file has this path, or whoever compiles the spec gives it no files.',
    why: 'A path is relative to the file it is written in; a name that begins with std: is of the standard library.',
    fix: 'Correct the path, or put the file there.',
    example: 'import "lib/blocks.unet"\nimport "std:blocks"',
  },
  'import-empty': {
    severity: 'error',
    title: 'an import that brings nothing',
    what: 'The file has no block outside its networks.',
    why: 'Only blocks are imported, and a block inside a network belongs to it: it may use what is named there.',
    fix: 'Move the blocks out of the network, or import the file they are in: a file gives its own blocks, not those it imports.',
  },
  'import-cycle': {
    severity: 'error',
    title: 'files that import each other in a circle',
    what: 'A file needs itself, through the files it imports; the message shows the way round.',
    why: 'No file could be read before the others.',
    fix: 'Move the blocks that both sides need into a file of their own.',
  },
  'import-clash': {
    severity: 'error',
    title: 'an imported block whose name is taken',
    what: 'Two imports bring a block of one name, or the file defines one itself.',
    why: 'A reader could not tell which one is meant.',
    fix: 'Rename one of them, or import only one of the files.',
  },
  'import-twice': {
    severity: 'error',
    title: 'a file imported twice',
    what: 'Two imports of one file name the same file.',
    why: 'The second brings nothing.',
    fix: 'Remove one.',
  },
  'unused-import': {
    severity: 'warning',
    title: 'an import that nothing uses',
    what: 'No block of the imported file is called in this one.',
    why: 'It is read, and kept with a run, for nothing.',
    fix: 'Remove it.',
  },
  'limit-imports': {
    severity: 'error',
    title: 'more than 100 imported files',
    what: 'A spec imports more files, through those it imports, than the compiler reads.',
    why: 'A spec may not expand without bound.',
    fix: 'Gather blocks in fewer files.',
  },
} as const satisfies Readonly<Record<string, Page>>;
