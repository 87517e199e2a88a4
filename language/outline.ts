import type { Span } from '../grammar/diagnostic.js';
import type { NetworkItem } from '../grammar/tree.js';
import type { Analysis } from './analysis.js';

export interface Outline {
  readonly kind: 'network' | NetworkItem['kind'] | 'rule' | 'mode' | 'train' | 'setting' | 'import';
  readonly name: string;
  readonly detail: string;
  readonly span: Span;
  /** The name alone; within `span`. */
  readonly selection: Span;
  readonly children: readonly Outline[];
}

/** What a text declares, as a tree, in the order of the text. Parts without a name yet are left out. */
export function outline({ text, analyzed, facts }: Analysis): Outline[] {
  const { tree } = analyzed.root;
  const slice = (start: number, end: number): string => clip(text.slice(start, end));
  const leaf = (kind: Outline['kind'], name: string, span: Span, selection: Span, detail = ''): Outline => ({
    ...{ kind, name, detail, span, selection },
    children: [],
  });
  const setting =
    (kind: 'mode' | 'setting') =>
    ({ name, value, span }: { name: { text: string; span: Span }; value: { span: Span }; span: Span }): Outline =>
      leaf(kind, name.text, span, name.span, slice(value.span.start.offset, value.span.end.offset));
  const item = (decl: NetworkItem): Outline[] => {
    const { span } = decl;
    switch (decl.kind) {
      case 'expect':
        return [leaf('expect', slice(span.start.offset, span.end.offset), span, decl.what.span)];
      case 'param':
      case 'let':
        return [
          leaf(
            decl.kind,
            decl.name.text,
            span,
            decl.name.span,
            slice(decl.value.span.start.offset, decl.value.span.end.offset),
          ),
        ];
      case 'input':
        return [
          leaf('input', decl.name.text, span, decl.name.span, slice(decl.dtype.span.start.offset, span.end.offset)),
        ];
      case 'block':
        return [
          leaf(
            'block',
            decl.name.text,
            span,
            decl.name.span,
            `(${decl.parameters.map((p) => p.name.text).join(', ')})`,
          ),
        ];
      case 'grid': {
        const children = decl.rules.map((rule) => {
          const end = rule.patterns.at(-1)?.span.end.offset ?? rule.name.span.end.offset;
          const name = `${slice(rule.span.start.offset, end)}]`;
          const cells = facts.cellsOf(rule);
          const detail = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
          return leaf('rule', name, rule.span, rule.name.span, analyzed.meanings.cells.length > 0 ? detail : '');
        });
        return [{ ...leaf('grid', decl.name.text, span, decl.name.span), children }];
      }
      case 'head':
        return [leaf('head', decl.name.text, span, decl.name.span)];
      case 'output': {
        const named = decl.modes.filter((m) => m.name.span.start.offset !== decl.name.span.start.offset);
        return [{ ...leaf('output', decl.name.text, span, decl.name.span), children: named.map(setting('mode')) }];
      }
    }
  };
  const parts = [
    ...tree.imports.map((i) => leaf('import', i.path.text, i.span, i.path.span)),
    ...tree.blocks.flatMap(item),
    ...tree.networks.map((n) => ({
      ...leaf('network', n.name.text, n.span, n.name.span),
      children: n.items.flatMap(item).filter(isNamed),
    })),
    ...tree.trains.map((t) => {
      const word: Span = {
        start: t.span.start,
        end: { ...t.span.start, offset: t.span.start.offset + 5, column: t.span.start.column + 5 },
      };
      return { ...leaf('train', 'train', t.span, word), children: t.settings.map(setting('setting')) };
    }),
  ];
  return parts.filter(isNamed).sort((a, b) => a.span.start.offset - b.span.start.offset);
}

const isNamed = ({ name }: Outline): boolean => name !== '';

const clip = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 60 ? `${flat.slice(0, 59)}…` : flat;
};

/** Stretches that an editor may fold: braces and brackets over several lines, runs of comment lines. Offsets of their ends. */
export function folding({ text, tokens }: Analysis): { start: number; end: number; comment: boolean }[] {
  const out: { start: number; end: number; comment: boolean }[] = [];
  const open: number[] = [];
  for (const { text: word, start } of tokens) {
    if (word === '{' || word === '(' || word === '[') open.push(start);
    else if (word === '}' || word === ')' || word === ']') {
      const from = open.pop();
      if (from !== undefined && text.slice(from, start).includes('\n'))
        out.push({ start: from, end: start, comment: false });
    }
  }
  for (const { index, 0: lines } of text.matchAll(/^[ \t]*\/\/.*(?:\r?\n[ \t]*\/\/.*)+/gm))
    out.push({ start: index, end: index + lines.length, comment: true });
  return out.sort((a, b) => a.start - b.start || b.end - a.end);
}
