import { type Analyzed, analyzeText, type Diagnostic, type LoadOptions } from '../compiler/index.js';
import { type Fix, fixesOf } from './fixes.js';

export interface Mended {
  readonly text: string;
  /** The diagnostics and trees of the text as it is now. */
  readonly analyzed: Analyzed;
  /** What was changed, in the order in which it was; spans are of the text it was changed in. */
  readonly fixed: readonly Fix[];
}

/** Mending one mistake can bring the next to light; a text that goes on like this beyond so many is left where it is. */
const rounds = 20;

/**
 * Makes every certain fix, of two that overlap the first, and again until none is left. A round that does not rid the text of
 * the mistakes it was made for is undone, and the first of its fixes that does is made alone. Pure; never throws, whatever the text.
 */
export function mend(text: string, options: LoadOptions = {}): Mended {
  let now: Mended = { text, analyzed: analyzeText(text, options), fixed: [] };
  for (let round = 0; round < rounds; round++) {
    const chosen = apart(now.analyzed.diagnostics.flatMap((d) => certain(now.text, d)));
    if (chosen.length === 0) break;
    const next = tryAll(now, chosen, options) ?? oneByOne(now, chosen, options);
    if (next === null) break;
    now = next;
  }
  return now;
}

/** The first certain fix of a diagnostic, if it has one. */
const certain = (text: string, d: Diagnostic): Fix[] =>
  d.span.file === undefined
    ? fixesOf(text, d)
        .filter((f) => f.certain)
        .slice(0, 1)
    : [];

/** In the order of the text, without those that touch one before. */
function apart(fixes: readonly Fix[]): Fix[] {
  const taken: Fix['edits'][number][] = [];
  return fixes.filter(({ edits }) => {
    if (edits.some((e) => taken.some((t) => e.start <= t.end && t.start <= e.end))) return false;
    taken.push(...edits);
    return true;
  });
}

/** Null if a mistake is still there: fewer of its kind must be left, and nothing that keeps the text from being read. */
function tryAll(before: Mended, fixes: readonly Fix[], options: LoadOptions): Mended | null {
  const text = applied(before.text, fixes);
  const analyzed = analyzeText(text, options);
  const count = (of: Analyzed, code: string, message: string): number =>
    of.diagnostics.filter((d) => d.code === code && d.message === message).length;
  const gone = fixes.every(
    ({ diagnostic: { code, message } }) => count(analyzed, code, message) < count(before.analyzed, code, message),
  );
  return gone && unread(analyzed) <= unread(before.analyzed)
    ? { text, analyzed, fixed: [...before.fixed, ...fixes] }
    : null;
}

/** How much of the text could not be read as a spec. */
const unread = ({ diagnostics }: Analyzed): number => diagnostics.filter((d) => d.code === 'syntax').length;

/** The first that does what it says; places of the others are of the text before it, so they wait for the next round. */
function oneByOne(before: Mended, fixes: readonly Fix[], options: LoadOptions): Mended | null {
  for (const fix of fixes) {
    const mended = tryAll(before, [fix], options);
    if (mended !== null) return mended;
  }
  return null;
}

const applied = (text: string, fixes: readonly Fix[]): string =>
  fixes
    .flatMap((f) => f.edits)
    .sort((a, b) => b.start - a.start)
    .reduce((t, e) => t.slice(0, e.start) + e.text + t.slice(e.end), text);
