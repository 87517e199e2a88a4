import type { Span } from '../diagnostic.js';
import type { Source } from '../source.js';
import type { BlockDecl, Body, Expr, IndexDecl, NetworkItem, SpecTree } from '../tree.js';
import type { Cursor } from './cursor.js';
import { concat, type Doc, either, hard, indent, render, space, text } from './document.js';
import { ExpressionPrinter } from './expressions.js';
import { layOut, width } from './layout.js';
import type { Memory } from './memory.js';
import { joinBroken, type Node, type OutputLine, piecesBetween, type Statement } from './pieces.js';

/** What braces may hold. */
interface Braced {
  readonly nodes: readonly Node[];
  readonly inRows?: boolean;
}

const apart = (line: OutputLine): OutputLine => ({ ...line, apart: true });

/** Lays out what a spec is made of; `undefined` for whatever has a mistake. */
export class SpecPrinter extends ExpressionPrinter {
  /** Whether anything in the statement at hand was left as it was written. */
  private broken = false;

  constructor(
    cursor: Cursor,
    private readonly source: Source,
    private readonly memory: Memory,
  ) {
    super(cursor);
  }

  spec(tree: SpecTree): OutputLine[] {
    const nodes = [
      ...tree.networks.map((network) =>
        this.node('network', network.span, () => {
          const header = this.words('network', network.name, '{');
          return this.container(() => header, 0, { nodes: network.items.map((item) => this.itemNode(item, 2)) });
        }),
      ),
      ...tree.blocks.map((block) => this.node('block', block.span, () => this.block(block, 0))),
      ...tree.trains.map((train) =>
        this.node('train', train.span, () => {
          const header = this.words('train', '{');
          const nodes = train.settings.map((setting) => this.settingNode(setting, 2));
          return this.container(() => header, 0, { nodes, inRows: true });
        }),
      ),
    ].sort((a, b) => a.first - b.first);
    const { cursor } = this;
    const found = piecesBetween(cursor, -1, cursor.tokens.length, nodes, (first) => this.importAt(first, 0));
    const pieces = joinBroken(this.source, found)!;
    return layOut(pieces, { source: this.source, indentation: 0, begin: 0, inRows: false, airy: true });
  }

  /** @param kind what decides its layout beside its text */
  private node(kind: string, span: Span, print: () => Statement | undefined): Node {
    const { cursor } = this;
    const first = cursor.indexAt(span.start.offset);
    const last = cursor.indexAt(span.end.offset) - 1;
    return {
      first,
      last,
      print: () => {
        const text = `${kind}\n${cursor.around(first, last)}`;
        const known = this.memory.recall(text);
        if (known !== undefined) {
          cursor.simplified ||= known.simplified;
          return known.statement;
        }
        const [simplified, broken] = [cursor.simplified, this.broken];
        cursor.simplified = false;
        this.broken = false;
        cursor.enter(first, last);
        const statement = print();
        const made = statement && !this.broken ? this.memory.keep(text, statement, cursor.simplified) : statement;
        cursor.simplified ||= simplified;
        this.broken ||= broken;
        return made;
      },
    };
  }

  private itemNode(item: NetworkItem, indentation: number): Node {
    return this.node(`item ${indentation}`, item.span, () => this.item(item, indentation));
  }

  private item(item: NetworkItem, indentation: number): Statement | undefined {
    const { cursor } = this;
    switch (item.kind) {
      case 'param':
      case 'let':
        return this.assigned(this.words(item.kind, item.name), item.value, indentation, item.kind);
      case 'input': {
        const left = this.words('input', item.name);
        const type = concat([left, cursor.take(':'), space, cursor.name(item.dtype)]);
        const dims = this.brackets(item.dims.map((dim) => () => this.expression(dim, 'whole', true)));
        return this.simple(concat([type, dims]), indentation);
      }
      case 'block':
        return this.block(item, indentation);
      case 'grid': {
        const family = this.family('grid', item);
        const header = concat([family, space, cursor.take('{')]);
        const nodes = item.rules.map((rule) =>
          this.node(`rule ${indentation}`, rule.span, () => {
            const patterns = rule.patterns.map((pattern) => () => this.expression(pattern, 'whole', true));
            const parts = [cursor.name(rule.name), this.brackets(patterns)];
            if (rule.guard) {
              const guard = concat([cursor.take('when'), space, this.expression(rule.guard)]);
              parts.push(either(concat([space, guard]), () => indent(concat([hard, guard])), true));
            }
            // A condition makes one rule much wider than its neighbours.
            const key = rule.guard ? undefined : 'rule';
            return this.defined(concat(parts), rule.body, indentation + 2, key);
          }),
        );
        return this.container(() => header, indentation, { nodes });
      }
      case 'head':
        return this.defined(this.family('head', item), item.body, indentation);
      case 'output': {
        const left = this.words('output', item.name);
        if (cursor.peek() === '=') return this.assigned(left, item.modes[0]!.value, indentation);
        const nodes = item.modes.map((mode) => this.settingNode(mode, indentation + 2));
        const header = concat([left, space, cursor.take('{')]);
        return this.container(() => header, indentation, { nodes });
      }
      case 'expect': {
        const parts = [this.words('expect', item.what)];
        while (cursor.peek() === 'at' || cursor.peek() === 'in') {
          parts.push(space, cursor.take(), space, cursor.take());
        }
        const sign = cursor.peek() === '>=' || cursor.peek() === '<=' ? cursor.peek() : '=';
        return this.assigned(concat(parts), item.value, indentation, undefined, sign);
      }
    }
  }

  private settingNode(
    setting: { name: { text: string; span: Span }; value: Expr; span: Span },
    indentation: number,
  ): Node {
    return this.node(`setting ${indentation}`, setting.span, () =>
      this.assigned(this.cursor.name(setting.name), setting.value, indentation, 'setting'),
    );
  }

  private block(block: BlockDecl, indentation: number): Statement | undefined {
    const { cursor } = this;
    const name = this.words('block', block.name);
    const parameters = block.parameters.map((parameter) => () => {
      const parts = [cursor.name(parameter.name)];
      if (parameter.default) parts.push(space, cursor.take('='), space, this.expression(parameter.default));
      return concat(parts);
    });
    const left = concat([name, this.brackets(parameters)]);
    if (cursor.peek() === '=') return this.defined(left, block.body, indentation);
    return this.inBraces(left, block.body, indentation);
  }

  /** `grid X[i in 0..4]`, `head S` */
  private family(word: string, { name, indices }: { name: BlockDecl['name']; indices: readonly IndexDecl[] }): Doc {
    const { cursor } = this;
    const left = this.words(word, name);
    if (cursor.peek() !== '[') return left;
    const items = indices.map((index) => () => {
      const parts = [cursor.name(index.name), space, cursor.take('in'), space];
      return concat([...parts, this.expression(index.range)]);
    });
    return concat([left, this.brackets(items)]);
  }

  /** Words with spaces between them; a name of the tree has to be just that. */
  private words(...words: (string | BlockDecl['name'])[]): Doc {
    const docs = words.map((word) => (typeof word === 'string' ? this.cursor.take(word) : this.cursor.name(word)));
    return concat(docs.flatMap((doc, i) => (i === 0 ? [doc] : [space, doc])));
  }

  private simple(doc: Doc, indentation: number): Statement | undefined {
    if (!this.cursor.arrived) return undefined;
    return { width: 0, layout: () => render(doc, indentation, width) };
  }

  /** `left = value`; on a line of its own where the value does not fit behind the `=`, however it is broken. */
  private assigned(left: Doc, value: Expr, indentation: number, key?: string, sign = '='): Statement | undefined {
    const { cursor } = this;
    const aligned = this.keyFor(left, indentation, key);
    const equals = cursor.take(sign);
    const doc = this.value(value);
    if (!cursor.arrived) return undefined;
    const below = (): Doc => indent(concat([hard, doc]));
    // A comment ends the line right behind the `=`.
    const fixed = equals.flat === Number.POSITIVE_INFINITY;
    const right = concat([space, equals, fixed ? below() : either(concat([space, doc]), below, true)]);
    return {
      key: aligned,
      width: left.flat,
      layout: (pad) => render(concat([left, text(' '.repeat(pad)), right]), indentation, width),
    };
  }

  /** `left = body` */
  private defined(left: Doc, body: Body, indentation: number, key?: string): Statement | undefined {
    if (this.cursor.peek(this.cursor.next + 1) !== '{') return this.assigned(left, body.result, indentation, key);
    const aligned = this.keyFor(left, indentation, key);
    const equals = this.cursor.take('=');
    return this.inBraces(left, body, indentation, equals, aligned);
  }

  /** `left { ... }` or `left = { ... }`; an expression that the author wrote between braces on one line stays there if it fits. */
  private inBraces(left: Doc, body: Body, indentation: number, equals?: Doc, key?: string): Statement | undefined {
    const { cursor } = this;
    const { last } = cursor;
    const header = (pad: number, brace: Doc): Doc =>
      concat([left, text(' '.repeat(pad)), ...(equals ? [space, equals] : []), space, brace]);
    const open = cursor.next;
    const brace = cursor.take('{');
    if (cursor.lost) return undefined;
    if (body.lets.length === 0 && !cursor.gaps.broken[open + 1] && !cursor.gaps.hasEnding(open + 1, last)) {
      const whole = concat([brace, space, this.expression(body.result), space, cursor.take('}')]);
      if (cursor.arrived && header(0, whole).flat + indentation <= width) {
        const layout = (pad: number): OutputLine[] => render(header(pad, whole), indentation, width);
        return { key, width: left.flat, layout };
      }
      cursor.goBack(open + 1);
    }
    const lets = body.lets.map((item) => this.itemNode(item, indentation + 2));
    const from = lets.length > 0 ? lets[lets.length - 1]!.last + 1 : open + 1;
    const result: Node = {
      first: from,
      last: last - 1,
      print: () => {
        cursor.enter(from, last - 1);
        return this.simple(this.expression(body.result, lets.length > 0 ? 'result' : 'whole'), indentation + 2);
      },
    };
    if (from >= last) return undefined;
    const statement = this.container((pad) => header(pad, brace), indentation, { nodes: [...lets, result] });
    return statement && { ...statement, key, width: left.flat };
  }

  /** The key of a statement up to its `=`, which is not aligned behind a comment, nor where the line is full already. */
  private keyFor(left: Doc, indentation: number, key: string | undefined): string | undefined {
    const { first, gaps, next } = this.cursor;
    const commented = gaps.hasComment(first + 1, next) || gaps.of(first).some((item) => item.place === 'inline');
    return commented || indentation + left.flat > width ? undefined : key;
  }

  private importAt(first: number, indentation: number): Statement | undefined {
    this.cursor.enter(first, first + 1);
    return this.simple(concat([this.cursor.take('import'), space, this.cursor.take()]), indentation);
  }

  /**
   * A header, what is in the braces behind it, and `}`. The `{` was the last token taken.
   *
   * @param header for the spaces to add in front of its `=`, if it has one
   */
  private container(
    header: (pad: number) => Doc,
    indentation: number,
    { nodes, inRows = false }: Braced,
  ): Statement | undefined {
    const { cursor } = this;
    const { last } = cursor;
    const open = cursor.next - 1;
    if (!cursor.onTrack || open >= last || cursor.peek(last) !== '}') return undefined;
    // An item behind the network's `}` counts as the network's.
    if (nodes.some((node) => node.last >= last)) return undefined;
    const begin = cursor.endOf(open);
    const inside = indentation + 2;
    const found = piecesBetween(cursor, open, last, nodes, (first) => this.importAt(first, inside));
    const pieces = joinBroken(this.source, found, { begin, end: cursor.startOf(last) });
    if (pieces === undefined) return undefined;
    // Where its lines are is said of them, which a memory doesn't know.
    if (pieces.some((piece) => piece.kind === 'broken')) this.broken = true;
    const inner = layOut(pieces, { source: this.source, indentation: inside, begin, inRows, airy: false });
    return {
      width: 0,
      layout: (pad) => {
        const lines = render(header(pad), indentation, width);
        if (inner.length === 0 && lines[lines.length - 1]!.comment === undefined) {
          return render(concat([header(pad), text('}')]), indentation, width).map(apart);
        }
        const opening = lines.map(apart);
        return [...opening, ...inner, { text: `${' '.repeat(indentation)}}`, apart: true }];
      },
    };
  }
}
