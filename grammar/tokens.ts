import { createToken, Lexer, type TokenType } from './chevrotain.js';

// Categories: what several kinds of token have in common. They match no text themselves.

/** Every token; what error recovery skips over. */
export const AnyToken = category('AnyToken');
/** Reserved words; none of them can be a name. */
export const Keyword = category('Keyword', AnyToken);
/** The words that begin a part of a spec. None of them occurs inside an expression, so recovery stops at them. */
export const ItemKeyword = category('ItemKeyword', Keyword);
export const InfixOperator = category('InfixOperator', AnyToken);
export const PrefixOperator = category('PrefixOperator', AnyToken);
/** Tokens that an expression can begin with. */
export const ExpressionStart = category('ExpressionStart', AnyToken);

// Names are ASCII; letters of other scripts are taken in here, so that such a word is reported as one mistake.
const letter =
  'A-Za-z_\\u00AA\\u00B5\\u00BA\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u167F\\u1E00-\\u1FFF\\u3040-\\uD7FF';
export const Identifier = createToken({
  name: 'Identifier',
  pattern: new RegExp(`[${letter}][${letter}0-9]*`),
  categories: [ExpressionStart],
});

export const Network = keyword('network', ItemKeyword);
export const Param = keyword('param', ItemKeyword);
export const Let = keyword('let', ItemKeyword);
export const Input = keyword('input', ItemKeyword);
export const Block = keyword('block', ItemKeyword);
export const Grid = keyword('grid', ItemKeyword);
export const Head = keyword('head', ItemKeyword);
export const Output = keyword('output', ItemKeyword);
export const Expect = keyword('expect', ItemKeyword);
export const Train = keyword('train', ItemKeyword);
export const Import = keyword('import', ItemKeyword);
export const In = keyword('in', Keyword);
export const When = keyword('when', Keyword);
export const If = keyword('if', Keyword, ExpressionStart);
export const Then = keyword('then', Keyword);
export const Else = keyword('else', Keyword);
export const For = keyword('for', Keyword);
export const At = keyword('at', Keyword);
export const And = keyword('and', Keyword, InfixOperator);
export const Or = keyword('or', Keyword, InfixOperator);
export const Not = keyword('not', Keyword, PrefixOperator, ExpressionStart);
export const True = keyword('true', Keyword, ExpressionStart);
export const False = keyword('false', Keyword, ExpressionStart);

// A number ends where its word ends, so that `3px` is one mistake and not a number and a name.
// `1..2` is an int, a range and an int: a float needs a digit after its point.
const digits = '\\d+(?:_\\d+)*';
const wordEnd = '(?![A-Za-z0-9_])';
export const Size = createToken({
  name: 'Size',
  pattern: new RegExp(`\\d+(?:x\\d+)+${wordEnd}`),
  categories: [ExpressionStart],
});
export const Float = createToken({
  name: 'Float',
  pattern: new RegExp(`${digits}(?:\\.${digits}(?:[eE][+-]?\\d+)?|[eE][+-]?\\d+)${wordEnd}`),
  categories: [ExpressionStart],
});
export const Int = createToken({
  name: 'Int',
  pattern: new RegExp(`${digits}${wordEnd}`),
  categories: [ExpressionStart],
});
export const BadNumber = createToken({
  name: 'BadNumber',
  pattern: /\d[A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?/,
  categories: [ExpressionStart],
});

export const Text = createToken({
  name: 'Text',
  label: 'a string',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  categories: [ExpressionStart],
});
/** A string that its line ends. */
export const OpenText = createToken({
  name: 'OpenText',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
  categories: [ExpressionStart],
});

export const PipeTo = operator('PipeTo', '|>');
export const Range = operator('Range', '..');
export const EqualTo = operator('EqualTo', '==');
export const UnequalTo = operator('UnequalTo', '!=');
export const AtMost = operator('AtMost', '<=');
export const AtLeast = operator('AtLeast', '>=');
export const Less = operator('Less', '<');
export const Greater = operator('Greater', '>');
export const Plus = operator('Plus', '+');
export const Minus = operator('Minus', '-', PrefixOperator, ExpressionStart);
export const Times = operator('Times', '*');
export const Slash = operator('Slash', '/');
export const Percent = operator('Percent', '%');
export const Caret = operator('Caret', '^');
export const Equals = punctuation('Equals', '=');
export const Comma = punctuation('Comma', ',');
export const Colon = punctuation('Colon', ':');
export const LeftParen = punctuation('LeftParen', '(', ExpressionStart);
export const RightParen = punctuation('RightParen', ')');
export const LeftBracket = punctuation('LeftBracket', '[', ExpressionStart);
export const RightBracket = punctuation('RightBracket', ']');
export const LeftBrace = punctuation('LeftBrace', '{');
export const RightBrace = punctuation('RightBrace', '}');

// What people bring from other languages: lexed whole, reported once and read as what was meant.
export const ForeignAnd = createToken({ name: 'ForeignAnd', pattern: '&&', categories: [InfixOperator] });
export const ForeignOr = createToken({ name: 'ForeignOr', pattern: '||', categories: [InfixOperator] });
export const ForeignText = createToken({ name: 'ForeignText', pattern: /'[^'\r\n]*'/, categories: [ExpressionStart] });
export const ForeignComment = createToken({ name: 'ForeignComment', pattern: /#[^\r\n]*/, group: 'mistakes' });
export const OpenComment = createToken({ name: 'OpenComment', pattern: /\/\*[\s\S]*/, group: 'mistakes' });

const Blank = createToken({ name: 'Blank', pattern: /\s+/, group: Lexer.SKIPPED });
const LineComment = createToken({ name: 'LineComment', pattern: /\/\/[^\r\n]*/, group: Lexer.SKIPPED });
const BlockComment = createToken({ name: 'BlockComment', pattern: /\/\*[\s\S]*?\*\//, group: Lexer.SKIPPED });

const keywordTypes: readonly TokenType[] = [
  ...[Network, Param, Let, Input, Block, Grid, Head, Output, Expect, Train, Import],
  ...[In, When, If, Then, Else, For, At, And, Or, Not, True, False],
];

/** The reserved words. They are lexed as identifiers and told from them by looking here. */
export const keywords: ReadonlyMap<string, TokenType> = new Map(
  keywordTypes.map((type) => [type.name.toLowerCase(), type]),
);

/** Every kind of token that is lexed, in the order in which they are tried: the first that matches is taken. */
export const lexedTypes: TokenType[] = [
  ...[Blank, LineComment, BlockComment, OpenComment],
  Identifier,
  ...[Size, Float, Int, BadNumber, Text, OpenText],
  ...[PipeTo, Range, EqualTo, UnequalTo, AtMost, AtLeast, ForeignAnd, ForeignOr],
  ...[Less, Greater, Plus, Minus, Times, Slash, Percent, Caret, Equals, Comma, Colon],
  ...[LeftParen, RightParen, LeftBracket, RightBracket, LeftBrace, RightBrace],
  ...[ForeignText, ForeignComment],
];

/** What the grammar is written in. */
export const vocabulary: TokenType[] = [
  ...lexedTypes,
  ...keywordTypes,
  ...[AnyToken, Keyword, ItemKeyword, InfixOperator, PrefixOperator, ExpressionStart],
];

function category(name: string, ...parents: TokenType[]): TokenType {
  return createToken({ name, pattern: Lexer.NA, categories: parents });
}

function keyword(word: string, ...parents: TokenType[]): TokenType {
  const name = word[0]!.toUpperCase() + word.slice(1);
  return createToken({ name, pattern: Lexer.NA, label: `\`${word}\``, categories: parents });
}

function operator(name: string, pattern: string, ...parents: TokenType[]): TokenType {
  return createToken({ name, pattern, label: `\`${pattern}\``, categories: [InfixOperator, ...parents] });
}

function punctuation(name: string, pattern: string, ...parents: TokenType[]): TokenType {
  return createToken({ name, pattern, label: `\`${pattern}\``, categories: [AnyToken, ...parents] });
}
