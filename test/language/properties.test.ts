import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../grammar/index.js';
import * as L from '../../language/index.js';
import { cases } from '../cases.js';
import { specs, starter } from './specs.js';

const texts = [...specs.values()];
const words = starter.match(/\/\/.*|"[^"]*"|\w+|\|>|\.\.|\s+|[^\s\w]/g) as string[];

/** A spec with a piece cut out, something put in its place, or its end cut off: what a text is like while it is written. */
const brokenSpec = fc
  .record({
    text: fc.constantFrom(...texts),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(60),
    put: fc.constantFrom(
      '',
      ' ',
      '(',
      ')',
      '{',
      '}',
      '[',
      '|> ',
      'conv(',
      '"',
      '/*',
      '//',
      '= ',
      'let a = ',
      'network',
      '\n',
      'é',
      '\ud800',
    ),
    end: fc.boolean(),
  })
  .map(({ text, at, cut, put, end }) => {
    const from = Math.floor(at * text.length);
    return { text: text.slice(0, from) + put + (end ? '' : text.slice(from + cut)), near: from + put.length };
  });

const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => ({ text: list.join(' '), near: 0 }));
const noise = fc.string({ unit: 'binary', maxLength: 80 }).map((text) => ({ text, near: 0 }));

/** Asks every service at a place, and checks that what it answers lies in the text. */
function askAll(text: string, offset: number): void {
  const a = L.analyse(text);
  const inside = (start: number, end: number): void => {
    if (!(0 <= start && start <= end && end <= text.length)) throw new Error(`${start}..${end} in ${text.length}`);
  };
  const hover = L.hover(a, offset);
  if (hover) {
    inside(hover.start, hover.end);
    expect(hover.start <= offset && offset <= hover.end).toBe(true);
    expect(hover.text).not.toMatch(/undefined|NaN|\[object/);
  }
  for (const c of L.complete(a, offset))
    expect(`${c.label}${c.detail}${c.doc}${c.snippet ?? ''}`).not.toMatch(/undefined|NaN|\[object/);
  const signature = L.signature(a, offset);
  if (signature?.active != null) expect(signature.parameters[signature.active]).toBeDefined();
  for (const span of L.references(a, offset)) inside(span.start.offset, span.end.offset);
  L.definition(a, offset);
  L.renameable(a, offset);
  L.rename(a, offset, 'other_name');
  for (const h of L.hints(a)) inside(h.offset, h.offset);
  for (const f of L.folding(a)) inside(f.start, f.end);
  for (const f of L.fixes(a, 0, text.length)) for (const e of f.edits) inside(e.start, e.end);
  let last = 0;
  for (const t of L.semanticTokens(a)) {
    inside(t.start, t.end);
    if (t.start < last || t.start === t.end) throw new Error(`tokens overlap at ${t.start}`);
    expect(text.slice(t.start, t.end)).not.toMatch(/[\r\n]/);
    last = t.end;
  }
  const drawn = L.drawing(a);
  for (const [id, span] of drawn?.places ?? []) {
    expect(drawn?.data.boxes).toHaveProperty([id]);
    inside(span.start.offset, span.end.offset);
  }
  const within = (o: L.Outline): void => {
    inside(o.span.start.offset, o.span.end.offset);
    if (o.selection.start.offset < o.span.start.offset || o.selection.end.offset > o.span.end.offset)
      throw new Error(`${o.kind} ${o.name}: the name lies outside`);
    for (const child of o.children) within(child);
  };
  for (const o of L.outline(a)) within(o);
  L.picture(a);
}

describe('any text and any place', () => {
  it('have an answer from every service, and it lies in the text', () => {
    fc.assert(
      fc.property(fc.oneof(brokenSpec, soup, noise), fc.nat(400), ({ text, near }, off) => {
        askAll(text, Math.min(text.length, near === 0 ? off : Math.max(0, near + (off % 7) - 3)));
      }),
      cases(300),
    );
  });

  it('have a picture and hovers in every spec', () => {
    for (const text of texts) {
      expect(L.picture(L.analyse(text))).toMatch(/^<svg/);
      for (let offset = 0; offset < text.length; offset += 499) askAll(text, offset);
    }
  });
});

const occurrences = (text: string) => L.analyse(text).names.occurrences.filter((o) => o.target.kind === 'name');

describe('names', () => {
  it('of every spec are those the compiler knows: nothing is unknown where it finds no mistake', () => {
    for (const [name, text] of specs) {
      const unknown = L.analyse(text).names.occurrences.filter((o) => o.target.kind === 'unknown');
      expect(
        unknown.map((o) => o.span.start),
        name,
      ).toEqual([]);
    }
  });

  it('are unknown wherever the compiler says so', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), (text, pick) => {
        const all = occurrences(text);
        const { span } = all[pick % all.length] as (typeof all)[number];
        const broken = `${text.slice(0, span.start.offset)}qqqq${text.slice(span.end.offset)}`;
        const a = L.analyse(broken);
        const inTrain = parse(broken).tree.trains.map((t) => t.span.start.offset);
        const told = a.analyzed.diagnostics.filter((d) => d.code === 'unknown-name').map((d) => d.span.start.offset);
        const found = a.names.occurrences.filter((o) => o.target.kind === 'unknown').map((o) => o.span.start.offset);
        for (const at of told.filter((o) => !inTrain.some((t) => o > t))) expect(found).toContain(at);
      }),
      cases(150),
    );
  });

  it('lead from every reference to the definition, whose definition is itself', () => {
    for (const text of texts) {
      const a = L.analyse(text);
      for (const { span } of occurrences(text)) {
        const d = L.definition(a, span.start.offset);
        if (d === null || d.file !== undefined) continue;
        expect(L.definition(a, d.start.offset)).toEqual(d);
        expect(text.slice(d.start.offset, d.end.offset)).toBe(text.slice(span.start.offset, span.end.offset));
        const all = L.references(a, d.start.offset);
        expect(all).toContainEqual(span);
        expect(all).toEqual(L.references(a, span.start.offset));
      }
    }
  });

  it('renamed and renamed back are what they were, and the network is the same in between', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), (text, pick) => {
        const a = L.analyse(text);
        const all = occurrences(text);
        const { span } = all[pick % all.length] as (typeof all)[number];
        const there = L.rename(a, span.start.offset, 'some_other_name');
        if ('refusal' in there) {
          expect(L.definition(a, span.start.offset)?.file).toBeDefined();
          return;
        }
        const renamed = L.applyEdits(text, there.edits);
        const b = L.analyse(renamed);
        expect(b.analyzed.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
        expect(b.analyzed.sketch?.graph.nodes.length).toBe(a.analyzed.sketch?.graph.nodes.length);
        const first = there.edits.filter((e) => e.start < span.start.offset);
        const name = text.slice(span.start.offset, span.end.offset);
        const moved = span.start.offset + first.length * ('some_other_name'.length - name.length);
        const back = L.rename(b, moved, name);
        if ('refusal' in back) throw new Error(back.refusal);
        expect(L.applyEdits(renamed, back.edits)).toBe(text);
      }),
      cases(120),
    );
  });

  it('that another name has already are refused: what would be written is never another network', () => {
    const names = [...new Set(words.filter((w) => /^[A-Za-z_]\w*$/.test(w)))];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.constantFrom(...names), (text, pick, to) => {
        const a = L.analyse(text);
        const all = occurrences(text);
        const { span } = all[pick % all.length] as (typeof all)[number];
        const done = L.rename(a, span.start.offset, to);
        if ('refusal' in done) return;
        const b = L.analyse(L.applyEdits(text, done.edits)).analyzed;
        expect(b.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
        const shapes = (s: typeof b) =>
          s.sketch?.graph.nodes.map((n) => [n.op, n.attrs, n.outputs.map((o) => o.type.shape)]);
        expect(shapes(b)).toEqual(shapes(a.analyzed));
      }),
      cases(300),
    );
  });
});

describe('what properties found', () => {
  it('a block may not get the name of the output, which no expression can read', () => {
    const at = starter.indexOf('Conv2(x');
    expect(L.rename(L.analyse(starter), at, 'mask')).toHaveProperty('refusal');
  });
});
