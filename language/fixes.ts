import type { Diagnostic } from '../compiler/index.js';
import type { Analysis } from './analysis.js';
import type { Edit } from './navigate.js';

export interface Fix {
  readonly title: string;
  readonly diagnostic: Diagnostic;
  readonly edits: readonly Edit[];
}

/** What hints of diagnostics between two offsets can be done by itself: names that were meant, imports that are missing. */
export function fixes({ studied }: Analysis, from: number, to: number): Fix[] {
  const out: Fix[] = [];
  for (const diagnostic of studied.diagnostics) {
    const { span, hints } = diagnostic;
    if (span.file !== undefined || span.start.offset > to || span.end.offset < from) continue;
    for (const hint of hints) {
      const meant = /^did you mean `?([\w:.]+)`?$/.exec(hint)?.[1];
      if (meant !== undefined) {
        const quoted = diagnostic.code === 'import-missing' ? `"${meant}"` : meant;
        const edit = { start: span.start.offset, end: span.end.offset, text: quoted };
        out.push({ title: `Replace with ${meant}`, diagnostic, edits: [edit] });
      }
      const path = /: import "([^"]+)"$/.exec(hint)?.[1];
      if (path !== undefined) {
        const { imports, networks, blocks } = studied.root.tree;
        const behind = imports.at(-1)?.span.end.offset;
        const start = behind ?? Math.min(...[...networks, ...blocks].map((d) => d.span.start.offset));
        const line = `import "${path}"`;
        const edit = { start, end: start, text: behind === undefined ? `${line}\n\n` : `\n${line}` };
        out.push({ title: `Import ${path}`, diagnostic, edits: [edit] });
      }
    }
  }
  return out;
}
