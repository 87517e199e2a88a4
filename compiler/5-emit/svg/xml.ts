/** Writing SVG by hand: escaping, numbers, elements; and the palette of the drawings. */

export const sans = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";
export const serif = "'STIX Two Text', 'Times New Roman', 'DejaVu Serif', serif";

export const colours = {
  paper: '#ffffff',
  ink: '#1f2937',
  quiet: '#6b7280',
  rule: '#eef0f3',
  cutInk: '#c3c8d0',
  cutLine: '#e3e6ea',
  cutFill: '#fafbfc',
  encoderFill: '#e6edf8',
  encoderLine: '#34568f',
  nodeFill: '#e5f3ea',
  nodeLine: '#2c7a55',
  inputFill: '#f3f4f6',
  down: '#34568f',
  up: '#2c7a55',
  skip: '#8a63b3',
  head: '#c2542d',
  headFill: '#fbeae3',
} as const;

export const escapeXml = (s: string): string =>
  s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** At most one decimal, so that bytes do not depend on rounding noise. */
export const fixed = (n: number): string => String(Math.round(n * 10) / 10);

export type Attributes = Readonly<Record<string, string | number>>;

export const element = (name: string, attributes: Attributes, content = ''): string => {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? fixed(value) : escapeXml(value)}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
};

/** A line of text at its baseline. */
export const text = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escapeXml(content));
