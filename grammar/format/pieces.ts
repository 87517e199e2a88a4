import type { Span } from '../diagnostic.js';
import type { Source } from '../source.js';
import type { Cursor } from './cursor.js';
import type { Line } from './document.js';

/** A line of the formatted text. */
export interface OutputLine extends Line {
  /** A line that opens or closes braces, one left as it was written, or an empty one: comments are not aligned past it. */
  readonly apart?: true;
  /** What was left as it was written. */
  readonly kept?: Span;
}

/** A part of a network, grid, body, output or recipe that can be laid out. */
export interface Statement {
  /** Statements of equal keys, one under the other, have their `=` aligned. */
  readonly key?: string;
  /** Width of what stands in front of the `=`. */
  readonly width: number;
  /** @param pad how many spaces to add in front of the `=` */
  layout(pad: number): OutputLine[];
}

/** Something in braces, or at the top of a file, in the order of the text. */
export interface Piece {
  readonly kind: 'statement' | 'import' | 'behind' | 'comment' | 'broken';
  /** Offsets of its text. */
  readonly start: number;
  readonly end: number;
  readonly statement?: Statement;
}

/** A statement's tokens, and how to lay it out if its text is right. */
export interface Node {
  readonly first: number;
  readonly last: number;
  print(): Statement | undefined;
}

/**
 * Cuts what stands between two tokens into pieces: statements, comments, and what cannot be laid out because it is no
 * statement or has a mistake.
 *
 * @param open index of the `{`, -1 for the beginning of the text
 * @param close index of the `}`, or behind the last token
 * @param nodes in the order of the text
 * @param importAt lays out the import that begins with a token; it is in no tree
 */
export function piecesBetween(
  cursor: Cursor,
  open: number,
  close: number,
  nodes: readonly Node[],
  importAt: (first: number) => Statement | undefined,
): Piece[] {
  const pieces: Piece[] = [];
  let next = open + 1;
  const addGap = (index: number, beforeClose: boolean): number => {
    let start = cursor.startOf(index);
    for (const item of cursor.gaps.of(index)) {
      if (item.kind === 'junk') pieces.push({ kind: 'broken', start: item.start, end: item.end });
      else if (item.place === 'inline' && !beforeClose) start = Math.min(start, item.start);
      // The comment behind a brace is laid out with it.
      else if (item.place !== 'behind') pieces.push({ kind: 'comment', start: item.start, end: item.end });
      else if (index > open + 1 || open < 0) pieces.push({ kind: 'behind', start: item.start, end: item.end });
    }
    return start;
  };
  /** What no node has, up to a token. */
  const addOthers = (to: number): void => {
    while (next < to) {
      const start = addGap(next, false);
      const statement = next + 1 < to && isImport(cursor, next) ? importAt(next) : undefined;
      const last = statement ? next + 1 : to - 1;
      const end = cursor.endOf(last);
      pieces.push(statement ? { kind: 'import', start, end, statement } : { kind: 'broken', start, end });
      next = last + 1;
    }
  };
  for (const node of nodes) {
    if (node.first < next) {
      // An item that strayed out of its network is in it and outside.
      const last = Math.max(node.last, next - 1);
      pieces.push({ kind: 'broken', start: cursor.startOf(node.first), end: cursor.endOf(last) });
      next = last + 1;
      continue;
    }
    addOthers(node.first);
    const start = addGap(node.first, false);
    const statement = node.print();
    const end = cursor.endOf(node.last);
    pieces.push(statement ? { kind: 'statement', start, end, statement } : { kind: 'broken', start, end });
    next = node.last + 1;
  }
  addOthers(close);
  addGap(close, true);
  return pieces;
}

const isImport = (cursor: Cursor, index: number): boolean =>
  cursor.peek(index) === 'import' && cursor.peek(index + 1).startsWith('"');

/**
 * Joins what cannot be laid out with all that shares a line with it: of these lines not a byte is changed.
 *
 * @param braces the offsets behind `{` and of `}`
 * @returns undefined if one of them has a brace of the pieces' own
 */
export function joinBroken(
  source: Source,
  pieces: readonly Piece[],
  braces?: { readonly begin: number; readonly end: number },
): Piece[] | undefined {
  if (!pieces.some((piece) => piece.kind === 'broken')) return [...pieces];
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const before = joined[joined.length - 1];
    const touches = before !== undefined && source.lineOf(before.end) >= source.lineOf(piece.start);
    if (!touches || (before.kind !== 'broken' && piece.kind !== 'broken')) {
      joined.push(piece);
      continue;
    }
    joined.pop();
    let merged: Piece = {
      kind: 'broken',
      start: Math.min(before.start, piece.start),
      end: Math.max(before.end, piece.end),
    };
    // What is broken now takes in what stands in front of it in its line.
    for (let above = joined[joined.length - 1]; above && source.lineOf(above.end) >= source.lineOf(merged.start); ) {
      merged = { kind: 'broken', start: Math.min(above.start, merged.start), end: merged.end };
      joined.pop();
      above = joined[joined.length - 1];
    }
    joined.push(merged);
  }
  if (braces === undefined) return joined;
  const [first, last] = [source.lineOf(braces.begin), source.lineOf(braces.end)];
  const touched = joined.some(
    ({ kind, start, end }) => kind === 'broken' && (source.lineOf(start) <= first || source.lineOf(end) >= last),
  );
  return touched ? undefined : joined;
}
