import type { Span } from './diagnostic.js';

/**
 * The syntax tree of a `.unet` file: what was written, before any of it is given a meaning.
 * Every node has the span of its text. A part that could not be parsed is a `missing` expression,
 * so that later stages can go on with the rest.
 */
export interface SpecTree {
  readonly kind: 'spec';
  readonly span: Span;
  readonly imports: readonly ImportDecl[];
  /** Blocks outside any network; a file of only these is a library. */
  readonly blocks: readonly BlockDecl[];
  readonly networks: readonly NetworkDecl[];
  readonly trains: readonly TrainDecl[];
}

export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** `import "blocks.unet"`: the blocks of another file. */
export interface ImportDecl {
  readonly kind: 'import';
  readonly span: Span;
  /** As written, without the quotes; `span` has them. Empty if it is missing, which is reported. */
  readonly path: Name;
}

export interface NetworkDecl {
  readonly kind: 'network';
  readonly span: Span;
  readonly name: Name;
  readonly items: readonly NetworkItem[];
}

export type NetworkItem = ParamDecl | LetDecl | InputDecl | BlockDecl | GridDecl | HeadDecl | OutputDecl | ExpectDecl;

/** `param width = [32, 64]` */
export interface ParamDecl {
  readonly kind: 'param';
  readonly span: Span;
  readonly name: Name;
  readonly value: Expr;
}

/** `let depth = len(width) - 1`; in a network or in a body. */
export interface LetDecl {
  readonly kind: 'let';
  readonly span: Span;
  readonly name: Name;
  readonly value: Expr;
}

/** `input image: f32[N, 1, H, W]`; a dimension is an expression or one of the symbols N, D, H, W. */
export interface InputDecl {
  readonly kind: 'input';
  readonly span: Span;
  readonly name: Name;
  readonly dtype: Name;
  readonly dims: readonly Expr[];
}

/** `block Conv2(x, c, k = 3) { let y = ...  y |> relu }` */
export interface BlockDecl {
  readonly kind: 'block';
  readonly span: Span;
  readonly name: Name;
  readonly parameters: readonly { readonly name: Name; readonly default?: Expr }[];
  readonly body: Body;
}

/** Any number of `let`s and one final expression. A body written as one expression has no `let`. */
export interface Body {
  readonly span: Span;
  readonly lets: readonly LetDecl[];
  readonly result: Expr;
}

/** `i in 0..depth` */
export interface IndexDecl {
  readonly span: Span;
  readonly name: Name;
  readonly range: Expr;
}

/** `grid X[i in 0..depth, j in 0..depth - i] { rules }`; a later range may use an earlier index. */
export interface GridDecl {
  readonly kind: 'grid';
  readonly span: Span;
  readonly name: Name;
  readonly indices: readonly IndexDecl[];
  readonly rules: readonly RuleDecl[];
}

/** `X[0, j] when j > 0 = body`; in `patterns` an `int` expression matches itself, a `name` binds. */
export interface RuleDecl {
  readonly kind: 'rule';
  readonly span: Span;
  /** The grid's name as the rule repeats it. */
  readonly name: Name;
  readonly patterns: readonly Expr[];
  readonly guard?: Expr;
  readonly body: Body;
}

/** `head S[j in 1..depth] = expr`, or `head S = expr`. */
export interface HeadDecl {
  readonly kind: 'head';
  readonly span: Span;
  readonly name: Name;
  readonly indices: readonly IndexDecl[];
  readonly body: Body;
}

/** `output mask { accurate = mean(S)  fast = last(S) }`, or `output mask = expr` (one mode, named "default"). */
export interface OutputDecl {
  readonly kind: 'output';
  readonly span: Span;
  readonly name: Name;
  readonly modes: readonly { readonly name: Name; readonly value: Expr; readonly span: Span }[];
}

/**
 * `expect parameters at L3 in fast = 2_204_961`, `expect macs at 256x256 at L1 = ...`, `expect shape at 96x96 = [1, 1, 96, 96]`.
 * `at` takes a level (`L3`) or a size (`256x256`); both may be given.
 */
export interface ExpectDecl {
  readonly kind: 'expect';
  readonly span: Span;
  readonly what: Name;
  readonly level?: Name;
  readonly mode?: Name;
  readonly size?: { readonly dims: readonly number[]; readonly span: Span };
  readonly relation: '=' | '<=' | '>=';
  readonly value: Expr;
}

/** `train { name = value ... }` */
export interface TrainDecl {
  readonly kind: 'train';
  readonly span: Span;
  readonly settings: readonly { readonly name: Name; readonly value: Expr; readonly span: Span }[];
}

export type UnaryOperator = '-' | 'not';
export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '^' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or';

export type Expr =
  | { readonly kind: 'int'; readonly span: Span; readonly value: number }
  | { readonly kind: 'float'; readonly span: Span; readonly value: number }
  | { readonly kind: 'bool'; readonly span: Span; readonly value: boolean }
  | { readonly kind: 'string'; readonly span: Span; readonly value: string }
  | { readonly kind: 'name'; readonly span: Span; readonly text: string }
  | { readonly kind: 'list'; readonly span: Span; readonly items: readonly Expr[] }
  | {
      readonly kind: 'comprehension';
      readonly span: Span;
      readonly value: Expr;
      readonly index: Name;
      /** A range or a list. */
      readonly source: Expr;
      readonly condition?: Expr;
    }
  /** `a..b`, inclusive at both ends. */
  | { readonly kind: 'range'; readonly span: Span; readonly from: Expr; readonly to: Expr }
  /** `X[i, 0..j-1]` */
  | { readonly kind: 'index'; readonly span: Span; readonly target: Expr; readonly indices: readonly Expr[] }
  | { readonly kind: 'call'; readonly span: Span; readonly callee: Name; readonly args: readonly Arg[] }
  /** `x |> f(a)`; `f` alone is a call without arguments (`call.span` = the name's span then). */
  | {
      readonly kind: 'pipe';
      readonly span: Span;
      readonly left: Expr;
      readonly call: {
        readonly kind: 'call';
        readonly span: Span;
        readonly callee: Name;
        readonly args: readonly Arg[];
      };
    }
  | { readonly kind: 'unary'; readonly span: Span; readonly operator: UnaryOperator; readonly operand: Expr }
  | {
      readonly kind: 'binary';
      readonly span: Span;
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  | {
      readonly kind: 'if';
      readonly span: Span;
      readonly condition: Expr;
      readonly consequent: Expr;
      readonly alternative: Expr;
    }
  /** A hole left by a syntax error; already reported. */
  | { readonly kind: 'missing'; readonly span: Span };

export interface Arg {
  readonly span: Span;
  readonly name?: Name;
  readonly value: Expr;
}
