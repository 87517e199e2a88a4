/**
 * Control characters (C0, DEL, C1), those that reorder or break lines (Unicode's bidirectional controls, its line and paragraph
 * separators), and halves of surrogate pairs: what a terminal obeys or a page must not hold.
 */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const picture = (c: string): string => {
  const code = c.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
};

/**
 * Text of others as it may be shown: each character that would act and not be seen is replaced by one that is seen (`␛` for escape),
 * so columns stay. Line breaks and tabs are kept.
 */
export const visible = (text: string): string =>
  text.replace(unsafe, (c) => (c === '\n' || c === '\t' ? c : picture(c)));

/** As `visible`, for a name or a message: line breaks and tabs are replaced too. */
export const visibleLine = (text: string): string => text.replace(unsafe, picture);
