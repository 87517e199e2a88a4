import { behind, type Fix, replace, type Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { Arg, Expr, Name, SpecTree } from '../../grammar/tree.js';
import { type Collector, diagnose, nearest } from '../diagnostics/index.js';
import { isBuiltin } from './builtins.js';
import { limits } from './limits.js';
import { type Definition, NameScope } from './name-scope.js';
import { isLanguageOp } from './operators.js';
import { unknownCallee, unknownValue } from './unknown.js';

export interface MentionOptions {
  /** Mentions only; no complaints. */
  readonly silent?: boolean;
  /** Symbols that are known here without a definition: the dimensions of an input. */
  readonly symbols?: readonly string[];
}

/** The names that expressions mention: marks what is used, reports what is undefined. */
export class Mentions {
  /** Expressions nested too deep to be evaluated, and calls of what an import that led nowhere may have. */
  readonly rejected = new Set<Expr>();
  /** Places of undefined names. */
  readonly unknown = new Set<Span>();
  /** Whether a piece of an expression is missing. */
  hasHoles = false;
  /** The block whose body is being walked: calling oneself is no use. */
  inside: Definition | undefined;
  /** Unknown names of the item or rule that is being walked: each is reported once there. */
  private reported = new Set<string>();

  /** @param tree the spec's own */
  constructor(
    private readonly report: Collector,
    private readonly tree: SpecTree,
  ) {}

  /** From here on it is another item or rule. */
  next(): void {
    this.reported = new Set();
  }

  /** Whether the item or rule has mentioned an undefined name. */
  get lacking(): boolean {
    return this.reported.size > 0;
  }

  /** Walks with a stack of its own, since an expression can be nested as deep as a file is long. */
  expression(root: Expr, outer: NameScope, options: MentionOptions = {}): void {
    const todo: { expr: Expr; scope: NameScope; depth: number }[] = [{ expr: root, scope: outer, depth: 1 }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { expr, scope, depth } = next;
      if (depth > limits.expression && !this.rejected.has(root)) {
        this.rejected.add(root);
        this.report.add(
          diagnose(say.limitNesting.expression({ limit: limits.expression }), root.span, {
            hints: ['name parts of it with `let`'],
          }),
        );
      }
      const push = (children: readonly Expr[], at: NameScope = scope): void => {
        for (const child of children) todo.push({ expr: child, scope: at, depth: depth + 1 });
      };
      switch (expr.kind) {
        case 'missing':
          this.hasHoles = true;
          break;
        case 'name':
          this.mention(expr.text, expr.span, scope, options);
          break;
        case 'list':
          push(expr.items);
          break;
        case 'range':
          push([expr.from, expr.to]);
          break;
        case 'index':
          push([expr.target, ...expr.indices]);
          break;
        case 'call':
          this.callee(expr, expr.callee, scope, options);
          push(values(expr.args));
          break;
        case 'pipe':
          this.callee(expr, expr.call.callee, scope, options);
          push([expr.left, ...values(expr.call.args)]);
          break;
        case 'unary':
          push([expr.operand]);
          break;
        case 'binary':
          push([expr.left, expr.right]);
          break;
        case 'if':
          push([expr.condition, expr.consequent, expr.alternative]);
          break;
        case 'comprehension': {
          push([expr.source]);
          const inner = new NameScope(scope);
          inner.values.set(expr.index.text, {
            kind: 'index',
            name: expr.index,
            span: expr.index.span,
            lint: false,
            used: true,
          });
          push(expr.condition === undefined ? [expr.value] : [expr.value, expr.condition], inner);
          break;
        }
      }
    }
  }

  private mention(text: string, span: Span, scope: NameScope, options: MentionOptions): void {
    if (options.symbols?.includes(text)) return;
    const found = scope.value(text);
    if (found !== undefined) found.used = true;
    else if (!options.silent) {
      const unknown = unknownValue(text, span, { values: () => scope.allValues(), blocks: () => scope.allBlocks() });
      this.meant(text, scope);
      if (unknown === undefined) return;
      this.unknown.add(span);
      if (this.reported.has(text) || scope.unbound) return;
      this.reported.add(text);
      this.report.add(unknown);
    }
  }

  private callee(call: Expr, callee: Name, scope: NameScope, options: MentionOptions): void {
    const block = scope.block(callee.text);
    if (block !== undefined) {
      if (block !== this.inside) block.used = true;
    } else if (scope.open && !isLanguageOp(callee.text) && !isBuiltin(callee.text)) {
      // Most likely a block of the import that led nowhere.
      this.rejected.add(call);
    } else if (!options.silent && !isLanguageOp(callee.text) && !isBuiltin(callee.text)) {
      const own = callee.span.file === undefined;
      const reach = {
        values: () => scope.allValues(),
        blocks: () => scope.allBlocks(),
        ...(own ? { importing: (path: string) => importing(this.tree, path) } : {}),
      };
      const indexed = indexing(call);
      this.report.add(unknownCallee(callee.text, callee.span, indexed ? { ...reach, indexed } : reach));
      this.meant(callee.text, scope);
    }
  }

  /** A name that is misspelt, or called without being a block, is not unused as well: one mistake, one message. */
  private meant(text: string, scope: NameScope): void {
    for (const name of [text, nearest(text, scope.allValues())]) {
      const value = name === undefined ? undefined : scope.value(name);
      if (value !== undefined) value.used = true;
    }
    const near = nearest(text, scope.allBlocks());
    const block = near === undefined ? undefined : scope.block(near);
    if (block !== undefined) block.used = true;
  }
}

/** The fix that makes an index of a call with one argument: `width(0)` was meant to be `width[0]`. */
function indexing(call: Expr): Fix | undefined {
  if (call.kind !== 'call' || call.args.length !== 1) return undefined;
  const [arg] = call.args;
  if (arg === undefined || arg.name !== undefined || arg.value.kind === 'missing') return undefined;
  const file = call.span.file === undefined ? {} : { file: call.span.file };
  const open = { ...file, start: call.callee.span.end, end: arg.value.span.start };
  const close = { ...file, start: arg.value.span.end, end: call.span.end };
  const edits = [
    { span: open, text: '[' },
    { span: close, text: ']' },
  ];
  return { title: 'write an index', edits, certain: true };
}

/** The fix that imports a file: behind the imports there are, or before everything. */
function importing({ imports, networks, blocks, trains, span }: SpecTree, path: string): Fix {
  const last = imports.at(-1);
  const first = [...networks, ...blocks, ...trains]
    .map((d) => d.span.start)
    .reduce((a, b) => (b.offset < a.offset ? b : a), span.end);
  const line = `import "${path}"`;
  return last === undefined
    ? replace({ start: first, end: first }, `${line}\n\n`, true, `import ${path}`)
    : replace(behind(last.span), `\n${line}`, true, `import ${path}`);
}

const values = (args: readonly Arg[]): Expr[] => args.map((a) => a.value);
