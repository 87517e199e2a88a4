export interface Position {
  /** From 0, as all places of the protocol. */
  readonly line: number;
  readonly character: number;
}

/** `end` exclusive. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

const isBefore = (a: Position, b: Position): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);

/** The boxes that the text at a position declares; all nodes of a grid's rule. */
export function boxesAt(places: Readonly<Record<string, Range>>, position: Position): string[] {
  return Object.entries(places)
    .filter(([, { start, end }]) => !isBefore(position, start) && !isBefore(end, position))
    .map(([id]) => id);
}
