import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Terms of the project's own making that had standard ones, and the standard ones (CONTRIBUTING.md, Words). */
const terms: readonly (readonly [RegExp, string])[] = [
  [/\banswer(s|ed)?\b/i, 'returns; an output'],
  [/\b(whoever|nobody|somebody|anybody)\b/i, 'name what is meant, or use the passive'],
  [/\bworst moment\b/i, 'the peak, peak memory'],
  [/\bwhole numbers?\b/i, 'int8, quantized; integers'],
  [/\b(puts?|putting) out\b/i, 'the output'],
  [/\bsees\b/i, 'the receptive field; is given; in scope'],
  [/\bscales? an? (output )?channel\b/i, 'per-channel scales'],
  [/\boperands exchanged\b/i, 'the weight gradient as a convolution'],
  [/\bcomputed twice\b/i, 'rematerialized, recomputed'],
  [/\bsights?\b/i, 'receptive field, receptive axis'],
  [/\bstud(y|ied|ies)\b/i, 'analyze'],
];

/** Written by scripts, from texts for users. */
const generated = ['compiler/diagnostics/pages.ts', 'compiler/diagnostics/severities.ts', 'grammar/say.ts'];

const token =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|\$\{(?:[^{}`]|\{[^{}]*\})*\}|[^`\\])*`/g;

/** The comments of a file, each on one line; lines of `//` that follow each other are one comment. Strings are passed over. */
function commentsOf(source: string): string[] {
  const joined = source.replace(/(^[ \t]*\/\/[^\n]*)\n(?=[ \t]*\/\/)/gm, '$1 ');
  return [...joined.matchAll(token)]
    .map(([text]) => text)
    .filter((text) => text.startsWith('/'))
    .map((text) => text.replace(/\s*\n\s*\*?\s*|\s+\/\/\s*/g, ' '));
}

function violations(file: string, source: string): string[] {
  return commentsOf(source).flatMap((comment) =>
    terms
      .filter(([term]) => term.test(comment))
      .map(([term, instead]) => `${file}: ${term}, say ${instead}: ${comment}`),
  );
}

const root = fileURLToPath(new URL('..', import.meta.url));

const sourcesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !generated.includes(file));

describe('the words of comments', () => {
  it.each(['compiler', 'grammar', 'language', 'testing'])('%s/ uses the standard terms', (folder) => {
    const files = sourcesOf(folder);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });

  it.each([
    '/** Answers the name. */',
    '// Bytes alive at the worst\n  // moment.',
    '/**\n * Weights in whole\n * numbers.\n */',
    "const s = 'x'; // what the node puts out",
  ])('finds what is wrong with %j', (source) => {
    expect(violations('a.ts', source)).toHaveLength(1);
  });

  it.each(["const s = 'answers // nobody';", 'const answers = `whole numbers`;', '/** Returns int8. */'])(
    'accepts %j',
    (source) => {
      expect(violations('a.ts', source)).toEqual([]);
    },
  );
});
