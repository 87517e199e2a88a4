/** Named colours: what is drawn says which it takes, the theme what that looks like. */
export interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly rule: string;
  readonly encoderFill: string;
  readonly encoder: string;
  readonly nodeFill: string;
  readonly node: string;
  readonly plainFill: string;
  readonly plain: string;
  readonly headFill: string;
  readonly head: string;
  readonly down: string;
  readonly up: string;
  readonly skip: string;
  readonly cutFill: string;
  readonly cut: string;
  readonly cutInk: string;
}

export type Token = keyof Palette;

/** `auto`: light, and dark where the reader prefers it. */
export type Theme = 'light' | 'dark' | 'auto';

export const light: Palette = {
  paper: '#ffffff',
  ink: '#1c2430',
  quiet: '#5c6675',
  rule: '#eef0f3',
  encoderFill: '#e4ecf9',
  encoder: '#2f5597',
  nodeFill: '#e2f3ea',
  node: '#23744f',
  plainFill: '#f3f4f6',
  plain: '#5c6675',
  headFill: '#fdebe3',
  head: '#bf4a21',
  down: '#2f5597',
  up: '#23744f',
  skip: '#8357b5',
  cutFill: '#fafafb',
  cut: '#c9ced6',
  cutInk: '#8b93a0',
};

export const dark: Palette = {
  paper: '#14181d',
  ink: '#eef1f4',
  quiet: '#a3adb9',
  rule: '#22282f',
  encoderFill: '#1d2c47',
  encoder: '#7fa6ea',
  nodeFill: '#17362a',
  node: '#66c79a',
  plainFill: '#20262d',
  plain: '#97a2af',
  headFill: '#43251a',
  head: '#f08a5d',
  down: '#7fa6ea',
  up: '#66c79a',
  skip: '#b794e6',
  cutFill: '#181c21',
  cut: '#3d454f',
  cutInk: '#747e8a',
};

export const sans = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";
export const serif = "'STIX Two Text', 'Times New Roman', 'DejaVu Serif', serif";

/** Rules that give each class of `Pen` the colour that `colourOf` says. */
export const classRules = (tokens: readonly Token[], colourOf: (token: Token) => string): string =>
  tokens.map((t) => `.u-f-${t}{fill:${colourOf(t)}}.u-s-${t}{stroke:${colourOf(t)}}`).join('');
