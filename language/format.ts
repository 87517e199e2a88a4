import { format, Memory } from '../grammar/format/index.js';

/** A spec's text in canonical form; lines with mistakes stay as they are. */
export const formatter = (text: string, memory?: Memory): string => format(text, memory).text;

export { Memory };
