import type { Token } from './analysis.js';

/** A bracket that is open at a place of the text. */
export interface Open {
  readonly bracket: '(' | '[' | '{';
  /** Of `(` and `[`, the name in front of it: what is called or indexed. */
  readonly name?: Token;
  /** Whether `|>` stands in front of that name. */
  readonly piped: boolean;
  /** Of `{`, the keyword whose braces these are; undefined for those of a rule's or head's body. */
  readonly keyword?: string;
  /** Commas since it was opened, brackets inside left out. */
  commas: number;
  /** The first token behind the bracket or the last comma: where the argument begins. */
  argument: Token | undefined;
  /** Names that were given with a colon so far, the one being written left out. */
  readonly given: string[];
}

const items = new Set([
  'network',
  'param',
  'let',
  'input',
  'block',
  'grid',
  'head',
  'output',
  'expect',
  'train',
  'import',
]);
/** Items with braces of their own that nothing else opens. */
const braced = new Set(['network', 'block', 'grid', 'output', 'train']);
const outermost = new Set(['network', 'train', 'import']);

export interface Place {
  /** Outermost first. */
  readonly open: readonly Open[];
  /** The item keyword that the place belongs to, if one was begun since the last brace: `param`, `expect`. */
  readonly item: Token | undefined;
}

/** Which brackets are open behind the first `count` tokens; an item that begins closes what was left open before it. */
export function placeBehind(tokens: readonly Token[], count: number): Place {
  const open: Open[] = [];
  let item: Token | undefined;
  for (let k = 0; k < count; k++) {
    const token = tokens[k] as Token;
    const before = tokens[k - 1];
    const { text } = token;
    if (items.has(text) && tokens[k + 1]?.text !== '=') {
      item = token;
      if (outermost.has(text)) open.length = 0;
      else while (open.length > 0 && open.at(-1)?.bracket !== '{') open.pop();
    }
    const top = open.at(-1);
    if (text === '{' || text === '(' || text === '[') {
      if (top && top.argument === undefined) top.argument = token;
      const named = text !== '{' && before?.type === 'Identifier' ? before : undefined;
      const own = text === '{' && item && braced.has(item.text) && before?.text !== '=';
      open.push({
        bracket: text,
        name: named,
        piped: named !== undefined && tokens[k - 2]?.text === '|>',
        keyword: own ? item?.text : undefined,
        commas: 0,
        argument: undefined,
        given: [],
      });
      if (text === '{') item = undefined;
    } else if (text === '}' || text === ')' || text === ']') {
      const opener = text === '}' ? '{' : text === ')' ? '(' : '[';
      const at = open.findLastIndex((o) => o.bracket === opener);
      if (at >= 0) open.length = at;
      if (text === '}') item = undefined;
    } else if (top) {
      if (text === ',') {
        top.commas++;
        top.argument = undefined;
      } else {
        if (top.argument === undefined) top.argument = token;
        if (text === ':' && before && top.argument === before) top.given.push(before.text);
      }
    }
  }
  return { open, item };
}
