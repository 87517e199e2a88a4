/** A handful of SGR styles; the identity where colour is off. */
export interface Style {
  readonly bold: (s: string) => string;
  readonly dim: (s: string) => string;
  readonly red: (s: string) => string;
  readonly yellow: (s: string) => string;
  readonly cyan: (s: string) => string;
  readonly green: (s: string) => string;
}

const sgr =
  (on: number, off: number, color: boolean) =>
  (s: string): string =>
    color ? `\u001b[${on}m${s}\u001b[${off}m` : s;

export const styleFor = (color: boolean): Style => ({
  bold: sgr(1, 22, color),
  dim: sgr(2, 22, color),
  red: sgr(31, 39, color),
  yellow: sgr(33, 39, color),
  cyan: sgr(36, 39, color),
  green: sgr(32, 39, color),
});
