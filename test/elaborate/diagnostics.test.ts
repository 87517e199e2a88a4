import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest, renderDiagnostic } from '../../compiler/diagnostics/index.js';
import type { Diagnostic, Span } from '../../grammar/diagnostic.js';

const text = 'first line\n\tlet y = widht + 1\nthird\n';
const span = (line: number, column: number, length: number): Span => ({
  start: { line, column, offset: 0 },
  end: { line, column: column + length, offset: length },
});
const diagnostic: Diagnostic = {
  code: 'unknown-name',
  severity: 'error',
  message: 'nothing is named widht here',
  span: span(2, 10, 5),
  hints: ['did you mean width'],
  related: [{ span: span(1, 1, 5), message: 'width is defined here' }],
};

describe('render', () => {
  it('points at the place, with hints and related places', () => {
    expect(renderDiagnostic(diagnostic, { file: 'a.unet', text, color: false })).toBe(
      [
        'a.unet:2:10: error[unknown-name]: nothing is named widht here',
        '    2 | \tlet y = widht + 1',
        '      | \t        ^^^^^',
        '      = width is defined here (a.unet:1:1)',
        '    1 | first line',
        '      | -----',
        '      = help: did you mean width',
      ].join('\n'),
    );
  });

  it('colours only if asked', () => {
    const colored = renderDiagnostic(diagnostic, { file: 'a.unet', text, color: true });
    expect(colored).toContain('\u001b[31merror[unknown-name]\u001b[0m');
    expect(
      colored
        .split('\u001b')
        .map((part, k) => (k === 0 ? part : part.replace(/^\[\d+m/, '')))
        .join(''),
    ).toBe(renderDiagnostic(diagnostic, { file: 'a.unet', text, color: false }));
  });

  it('links places and codes only if asked, and shows the same', () => {
    const links = {
      place: (s: Span) => `file:///a.unet#${s.start.line}`,
      page: (code: string) => `file:///${code}.md`,
    };
    const plain = renderDiagnostic(diagnostic, { file: 'a.unet', text, color: false });
    expect(plain).not.toContain('\u001b');
    const linked = renderDiagnostic(diagnostic, { file: 'a.unet', text, color: false, links });
    expect(linked).toContain('\u001b]8;;file:///a.unet#2\u001b\\a.unet:2:10\u001b]8;;\u001b\\: error[');
    expect(linked).toContain('\u001b]8;;file:///unknown-name.md\u001b\\unknown-name\u001b]8;;\u001b\\');
    expect(linked).toContain('\u001b]8;;file:///a.unet#1\u001b\\a.unet:1:1');
    const shown = linked.split('\u001b').map((part, k) => (k === 0 ? part : part.replace(/^(?:\]8;;[^\\]*$|\\)/, '')));
    expect(shown.join('')).toBe(plain);
    const nowhere = { place: () => undefined, page: () => undefined };
    expect(renderDiagnostic(diagnostic, { file: 'a.unet', text, color: false, links: nowhere })).toBe(plain);
  });

  it('survives a place that the text does not have, and cuts long lines', () => {
    const lost = { ...diagnostic, span: span(99, 1, 3) };
    expect(renderDiagnostic(lost, { file: 'a.unet', text, color: false })).toContain('a.unet:99:1');
    const long = { ...diagnostic, span: span(1, 501, 5), related: [] };
    const lines = renderDiagnostic(long, {
      file: 'a.unet',
      text: 'x'.repeat(500).concat('widht', 'y'.repeat(500)),
      color: false,
    }).split('\n');
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(140);
    expect(lines[1]?.slice(lines[2]?.indexOf('^'), (lines[2]?.lastIndexOf('^') ?? 0) + 1)).toBe('widht');
  });
});

describe('did you mean', () => {
  it('measures edits', () => {
    expect(editDistance('width', 'widht')).toBe(1);
    expect(editDistance('conv', 'cnv')).toBe(1);
    expect(editDistance('relu', 'Relu')).toBe(0.5);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('finds the nearest, or none', () => {
    expect(nearest('widht', ['depth', 'width'])).toBe('width');
    expect(nearest('x', ['y'])).toBeUndefined();
    expect(nearest('banana', ['width'])).toBeUndefined();
    expect(didYouMean('banana', ['a', 'b'])).toEqual(['known here: a, b']);
  });
});
