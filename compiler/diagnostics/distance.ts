import { type Fix, replace, type Span } from '../../grammar/diagnostic.js';

/**
 * Edit distance between two names: insertions, deletions, replacements and swaps of neighbours count one each
 * (Damerau-Levenshtein, optimal string alignment). Case counts for half, so `Relu` is nearer to `relu` than `rely`.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + change(a, i - 1, b, j - 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

function change(a: string, i: number, b: string, j: number): number {
  if (a[i] === b[j]) return 0;
  return a[i]?.toLowerCase() === b[j]?.toLowerCase() ? 0.5 : 1;
}

/** Names longer than this are not compared: the comparison is quadratic, and typing errors in names are short. */
const longest = 64;

/**
 * The candidate nearest to `name`, if it is near enough to be what was meant: at most a third of the letters differ
 * (at least one may, and half of a two-letter name). The first of equally near ones.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > longest) return undefined;
  const allowed = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) > allowed) continue;
    const distance = editDistance(name, candidate);
    // A single letter that differs entirely says nothing: `x` is not a mistyped `y`.
    if (distance >= Math.max(name.length, candidate.length)) continue;
    if (distance <= allowed && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** The hint that goes with an unknown name: `did you mean width`, or what there is, or nothing. */
export function didYouMean(name: string, candidates: readonly string[]): string[] {
  const near = nearest(name, candidates);
  if (near !== undefined) return [`did you mean ${near}`];
  return candidates.length > 0 && candidates.length <= 12 ? [`known here: ${candidates.join(', ')}`] : [];
}

/**
 * The hint for an unknown name, and its correction. That is certain if a single slip of the keyboard makes the one name of the
 * other, and no second candidate is as near; names of one or two letters are too near to each other.
 * @param span of the name; of a string, its quotes included
 */
export function suggest(
  name: string,
  candidates: readonly string[],
  span: Span,
): { readonly hints: string[]; readonly fixes: Fix[] } {
  const hints = didYouMean(name, candidates);
  const near = nearest(name, candidates);
  if (near === undefined) return { hints, fixes: [] };
  const away = editDistance(name, near);
  const rival = candidates.some((other) => other !== near && editDistance(name, other) <= away);
  const quoted = span.end.offset - span.start.offset === name.length + 2;
  return { hints, fixes: [replace(span, quoted ? `"${near}"` : near, away <= 1 && !rival && name.length > 2)] };
}
