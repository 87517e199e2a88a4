import type { Diagnostic, Span } from '../../grammar/diagnostic.js';
import type { NetworkItem, SpecTree, TrainDecl } from '../../grammar/tree.js';
import type { Code } from './index.js';

/** What is wrong with names as they are written, whatever values they have. */
const ofNames: ReadonlySet<string> = new Set<Code>(['unknown-name', 'duplicate-name', 'reserved-name']);

/** A part of a spec that is read by itself: an item of a network, a block outside one, or `train`. */
interface Part {
  readonly decl: NetworkItem | TrainDecl;
  /** Names that it gives: '' if they were lost. */
  readonly name: string | null;
  /** All words that may mean something else: names of values, blocks and operators. */
  readonly mentions: ReadonlySet<string>;
  readonly holes: boolean;
}

/**
 * Of what was found in the meaning of a text, what is no echo of another mistake. A warning says that something looks wrong in
 * a text that is right: there is none while it isn't. And where a text can't be read, recovery leaves out a piece, so whatever
 * depends on that piece means something else than its author wrote:
 *
 * - What can't be read isn't judged, nor is what names it, directly or through others, nor a block that these call; nor are
 *   facts that are expected of the whole.
 * - Names are judged wherever the text can be read, unless a definition was lost: then nothing is unknown.
 *
 * @param syntax the mistakes of the text
 * @param found what its meaning was found to lack
 */
export function withoutEchoes(
  trees: readonly SpecTree[],
  syntax: readonly Diagnostic[],
  found: readonly Diagnostic[],
): readonly Diagnostic[] {
  const errors = found.filter((d) => d.severity === 'error');
  if (syntax.length === 0) return errors.length > 0 ? errors : found;
  const parts = trees.flatMap(partsOf);
  const places = syntax.map((d) => d.span);
  const broken = parts.filter((p) => p.holes || p.name === '' || places.some((at) => touches(p.decl.span, at)));
  const lost =
    broken.some((p) => p.name === '' || (p.name !== null && places.some((at) => touches(headOf(p.decl), at)))) ||
    places.some((at) => !broken.some((p) => touches(p.decl.span, at)));
  const unsure = lost ? parts : dependents(parts, broken);
  const unread = broken.flatMap((p) => piecesOf(p.decl).filter((span) => places.some((at) => touches(span, at))));
  return errors.filter((d) => {
    if (ofNames.has(d.code)) return !lost && !unread.some((span) => touches(span, d.span));
    if (lost) return false;
    return ![d.span, ...d.related.map((r) => r.span)].some((at) => unsure.some((p) => touches(p.decl.span, at)));
  });
}

const touches = (a: Span, b: Span): boolean =>
  a.file === b.file && a.start.offset <= b.end.offset && b.start.offset <= a.end.offset;

function partsOf(tree: SpecTree): Part[] {
  const decls = [...tree.blocks, ...tree.networks.flatMap((n) => n.items), ...tree.trains];
  return decls.map((decl) => {
    const mentions = new Set<string>();
    const holes = collect(decl, mentions);
    const name = decl.kind === 'expect' || decl.kind === 'train' || decl.kind === 'output' ? null : decl.name.text;
    return { decl, name, mentions, holes };
  });
}

/** Gathers the words of a piece of the tree; returns whether it has holes. */
function collect(piece: object, into: Set<string>): boolean {
  let holes = false;
  for (const [key, value] of Object.entries(piece)) {
    if (value === null || typeof value !== 'object' || key === 'span') continue;
    if (collect(value, into)) holes = true;
  }
  if ('kind' in piece && piece.kind === 'missing') return true;
  if ('text' in piece) into.add(String(piece.text));
  return holes;
}

/** From a definition's keyword to where its value begins: what is wrong here may have cost it its name. */
function headOf(decl: Part['decl']): Span {
  const { start } = decl.span;
  switch (decl.kind) {
    case 'param':
    case 'let':
      return { ...decl.span, start, end: decl.name.span.end };
    case 'block':
    case 'head':
      return { ...decl.span, start, end: decl.body.span.start };
    case 'grid':
      return { ...decl.span, start, end: decl.rules[0]?.span.start ?? decl.span.end };
    default:
      return decl.span;
  }
}

/** What recovery takes a part apart into: a grid's rules are read one by one. */
const piecesOf = (decl: Part['decl']): Span[] =>
  decl.kind === 'grid' ? [headOf(decl), ...decl.rules.map((r) => r.span)] : [decl.span];

/** `broken`, what names it, directly or through others, and the blocks that these call. */
function dependents(parts: readonly Part[], broken: readonly Part[]): readonly Part[] {
  const found = new Set(broken);
  for (const part of found) {
    if (part.name === null) continue;
    for (const other of parts) if (other.mentions.has(part.name)) found.add(other);
  }
  if (broken.some((p) => p.name !== null || p.decl.kind === 'output')) {
    for (const part of parts) if (part.decl.kind === 'expect') found.add(part);
  }
  const called = new Set(found);
  for (const part of called) {
    for (const other of parts)
      if (other.decl.kind === 'block' && part.mentions.has(other.decl.name.text)) called.add(other);
  }
  return [...called];
}
