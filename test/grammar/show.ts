import type { Expr } from '../../grammar/index.js';
import { parse } from '../../grammar/index.js';

/** An expression with all its parentheses, to compare structures in one line. */
export function show(e: Expr): string {
  switch (e.kind) {
    case 'int':
    case 'float':
    case 'bool':
      return `${e.value}`;
    case 'string':
      return JSON.stringify(e.value);
    case 'name':
      return e.text;
    case 'list':
      return `[${e.items.map(show).join(' ')}]`;
    case 'comprehension': {
      const condition = e.condition ? ` if ${show(e.condition)}` : '';
      return `[${show(e.value)} for ${e.index.text} in ${show(e.source)}${condition}]`;
    }
    case 'range':
      return `(${show(e.from)} .. ${show(e.to)})`;
    case 'index':
      return `${show(e.target)}[${e.indices.map(show).join(' ')}]`;
    case 'call':
      return `${e.callee.text}(${e.args.map((a) => (a.name ? `${a.name.text}:` : '') + show(a.value)).join(' ')})`;
    case 'pipe':
      return `(${show(e.left)} |> ${show(e.call)})`;
    case 'unary':
      return `(${e.operator} ${show(e.operand)})`;
    case 'binary':
      return `(${show(e.left)} ${e.operator} ${show(e.right)})`;
    case 'if':
      return `(if ${show(e.condition)} then ${show(e.consequent)} else ${show(e.alternative)})`;
    case 'missing':
      return '?';
  }
}

/** Parses `text` as the value of a `let`, which has to be right. */
export function expression(text: string): Expr {
  const { tree, diagnostics } = parse(`network A { let a = ${text} }`);
  if (diagnostics.length > 0) throw new Error(`${text}: ${diagnostics[0]!.message}`);
  const item = tree.networks[0]!.items[0]!;
  if (item.kind !== 'let' || tree.networks[0]!.items.length !== 1) throw new Error(`${text}: not one let`);
  return item.value;
}
