import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../compiler/0-import/paths.js';
import { countParameters, fromFiles, type Loaded, load, prune } from '../../compiler/index.js';
import { cases } from '../cases.js';

/** Loads `spec.unet` of a set of files. */
function loadFiles(files: Readonly<Record<string, string>>): Loaded {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  return load(files['spec.unet'] ?? '', { file: 'some/where/spec.unet', resolve: fromFiles(list) });
}

const told = ({ diagnostics }: Loaded): string[] =>
  diagnostics.map(
    (d) => `${d.span.file ?? 'spec'}:${d.span.start.line}:${d.span.start.column} ${d.code}: ${d.message}`,
  );

const net = (body: string, imports = 'import "blocks.unet"'): string =>
  `${imports}\nnetwork Net {\n  input image: f32[N, 3, H, W]\n  head S = image |> ${body} |> conv(1, kernel: 1) |> sigmoid\n}\n`;

describe('import', () => {
  it('brings blocks, and makes the network that has them inside', () => {
    const blocks = 'block Two(x, c) { x |> conv(c) |> relu |> conv(c) |> relu }';
    const apart = loadFiles({ 'spec.unet': net('Two(4)'), 'blocks.unet': blocks });
    const inside = load(net('Two(4)', blocks));
    expect(told(apart)).toEqual([]);
    const names = (loaded: Loaded) => loaded.network?.graph.params.map((p) => p.origin.path);
    expect(names(apart)).toEqual(names(inside));
    expect(apart.imports).toEqual([{ path: 'blocks.unet', text: blocks }]);
    expect(inside.imports).toEqual([]);
  });

  it('is relative to the file it is written in, and reads each file once', () => {
    const files = {
      'spec.unet': net('A(4)', 'import "lib/a.unet"\nimport "lib/deep/b.unet"').replace('A(4)', 'A(4) |> B(4)'),
      'lib/a.unet': 'import "deep/b.unet" import "../c.unet"\nblock A(x, c) { x |> B(c) |> C }',
      'lib/deep/b.unet': 'import "../../c.unet"\nblock B(x, c) { x |> conv(c) |> C }',
      'c.unet': 'block C(x) { x |> relu }',
    };
    const loaded = loadFiles(files);
    expect(told(loaded)).toEqual([]);
    expect(loaded.imports.map((f) => f.path)).toEqual(['lib/a.unet', 'lib/deep/b.unet', 'c.unet']);
  });

  it('gives a block the names of its own file, not those of the file that calls it', () => {
    const loaded = loadFiles({
      'spec.unet': `import "blocks.unet"
network Net {
  param hidden = 4
  input image: f32[N, 3, H, W]
  block Inner(x) { x |> conv(hidden) |> relu }
  head S = image |> Inner |> Outer |> conv(1, kernel: 1) |> sigmoid
}`,
      'blocks.unet': 'block Inner(x) { x |> conv(5) |> tanh }\nblock Outer(x) { x |> Inner }',
    });
    expect(told(loaded)).toEqual([]);
    expect(loaded.network?.graph.nodes.map((n) => n.op)).toEqual(['conv', 'relu', 'conv', 'tanh', 'conv', 'sigmoid']);
    const blind = loadFiles({ 'spec.unet': net('A'), 'blocks.unet': 'block A(x) { x |> conv(classes) }' });
    expect(told(blind)).toEqual(['blocks.unet:1:24 unknown-name: nothing is named classes here']);
  });

  it('does not pass on what a file imports itself', () => {
    const loaded = loadFiles({
      'spec.unet': net('B'),
      'blocks.unet': 'import "more.unet" block A(x) { x |> B }',
      'more.unet': 'block B(x) { x |> relu }',
    });
    expect(told(loaded)).toContain('spec:4:21 unknown-name: no block or operator is named B');
  });

  it('takes only the blocks outside the networks of a file', () => {
    const other = `block A(x) { x |> relu }\n${net('A', '').replace('head', 'block B(x) { x |> relu }\n  head')}`;
    expect(told(loadFiles({ 'spec.unet': net('A'), 'blocks.unet': other }))).toEqual([]);
    const inside = other.replace('block A(x) { x |> relu }\n', '');
    const loaded = loadFiles({ 'spec.unet': net('B'), 'blocks.unet': inside.replaceAll('|> A', '|> B') });
    expect(told(loaded)).toContain('spec:1:8 import-empty: blocks.unet has no block to import');
    expect(loaded.diagnostics[0]?.hints[0]).toContain('those inside belong to the network');
  });

  it('in a circle is an error that prints the loop, the spec itself included', () => {
    const loaded = loadFiles({
      'spec.unet': net('A', 'import "a.unet"'),
      'a.unet': 'import "b.unet"\nblock A(x) { x |> B }',
      'b.unet': 'import "spec.unet"\nblock B(x) { x |> relu }',
    });
    expect(told(loaded)).toEqual([
      'b.unet:1:8 import-cycle: spec.unet imports itself: spec.unet -> a.unet -> b.unet -> spec.unet',
    ]);
    expect(loaded.diagnostics[0]?.related.map((r) => `${r.span.file ?? 'spec'}: ${r.message}`)).toEqual([
      'spec: spec.unet imports a.unet',
      'a.unet: a.unet imports b.unet',
    ]);
    expect(told(loadFiles({ 'spec.unet': net('relu', 'import "./spec.unet"') }))).toEqual([
      'spec:1:8 import-cycle: spec.unet imports itself: spec.unet -> spec.unet',
    ]);
  });

  it('of a file that is not there is one error, whatever its blocks were used for', () => {
    expect(told(loadFiles({ 'spec.unet': net('Two(4) |> Three') }))).toEqual([
      'spec:1:8 import-missing: there is no file blocks.unet',
    ]);
    const hint = (loaded: Loaded): string | undefined => loaded.diagnostics[0]?.hints[0];
    const files = { 'lib/blocks.unet': 'block A(x) { x |> relu }' };
    expect(hint(loadFiles({ ...files, 'spec.unet': net('A', 'import "lib/blocks"') }))).toContain('"lib/blocks.unet"');
    expect(hint(loadFiles({ ...files, 'spec.unet': net('A', 'import "lib\\\\blocks.unet"') }))).toContain('write /');
    expect(hint(load(net('A')))).toContain('std:blocks');
    expect(hint(load(net('A', 'import "std:blcks"')))).toBe('did you mean std:blocks');
  });

  it('without a file name is a mistake of the text', () => {
    expect(told(loadFiles({ 'spec.unet': net('relu', 'import') }))).toEqual([
      'spec:1:1 syntax: expected a string after `import`, found `network`',
    ]);
  });

  it('of a name that is taken says by what', () => {
    const a = 'block A(x) { x |> relu }';
    const own = loadFiles({ 'spec.unet': net('A', `import "blocks.unet"\n${a}`), 'blocks.unet': a });
    expect(told(own)).toEqual(['spec:2:7 import-clash: A is imported from blocks.unet already']);
    expect(own.diagnostics[0]?.related[0]?.span.file).toBe('blocks.unet');
    const both = loadFiles({ 'spec.unet': net('A', 'import "a.unet" import "b.unet"'), 'a.unet': a, 'b.unet': a });
    expect(told(both)).toEqual(['spec:1:24 import-clash: A is imported from a.unet already']);
    const twice = loadFiles({ 'spec.unet': net('A', 'import "a.unet" import "./a.unet"'), 'a.unet': a });
    expect(told(twice)).toEqual(['spec:1:24 import-twice: a.unet is imported already']);
  });

  it('that nothing uses is a warning, in the spec but not in what it imports', () => {
    const unused = loadFiles({ 'spec.unet': net('relu'), 'blocks.unet': 'block A(x) { x |> relu }' });
    expect(told(unused)).toEqual(['spec:1:8 unused-import: nothing uses a block of blocks.unet']);
    expect(unused.network).not.toBeNull();
    const deeper = { 'blocks.unet': 'import "b.unet" block A(x) { x |> relu }', 'b.unet': 'block B(x) { x }' };
    expect(told(loadFiles({ 'spec.unet': net('A'), ...deeper }))).toEqual([]);
  });

  it('shows mistakes in the imported text, and the call in the spec that led there', () => {
    const syntax = loadFiles({ 'spec.unet': net('A'), 'blocks.unet': 'block A(x) {\n  x |> relu(\n}' });
    expect(syntax.network).toBeNull();
    expect(syntax.diagnostics[0]?.span).toMatchObject({ file: 'blocks.unet', start: { line: 2 } });
    const shapes = loadFiles({
      'spec.unet': net('A'),
      'blocks.unet': 'block A(x) { x |> B }\nblock B(x) { add(x, x |> conv(4)) }',
    });
    expect(shapes.diagnostics).toHaveLength(1);
    expect(shapes.diagnostics[0]).toMatchObject({ code: 'channel-mismatch', span: { file: 'blocks.unet' } });
    const called = shapes.diagnostics[0]?.related.find((r) => r.message === 'in A, called here');
    expect(called?.span).toMatchObject({ start: { line: 4, column: 21 } });
    expect(called?.span.file).toBeUndefined();
    const values = loadFiles({
      'spec.unet': net('A'),
      'blocks.unet': 'block A(x) { x |> B }\nblock B(x) { x |> conv(0) }',
    });
    expect(values.diagnostics[0]?.related.map((r) => [r.span.file, r.message])).toEqual([
      ['blocks.unet', 'in B, called here'],
      [undefined, 'in A, called here'],
    ]);
  });

  it('lists mistakes by file, the spec’s first', () => {
    const loaded = loadFiles({
      'spec.unet': net('A |> B |> nothing', 'import "a.unet" import "b.unet"'),
      'a.unet': 'block A(x) { x |> nothing }',
      'b.unet': 'block B(x) { x |> nothing }',
    });
    expect(loaded.diagnostics.map((d) => d.span.file)).toEqual([undefined, 'a.unet', 'b.unet']);
  });

  it('stops at a hundred files', () => {
    const files: Record<string, string> = { 'spec.unet': net('A0', 'import "0.unet"') };
    for (let k = 0; k <= 110; k++) files[`${k}.unet`] = `import "${k + 1}.unet" block A${k}(x) { x |> relu }`;
    expect(loadFiles(files).diagnostics.map((d) => d.code)).toContain('limit-imports');
  });

  it('never throws, is deterministic, and names the file of every place, whatever the files hold', () => {
    const piece = fc.constantFrom(
      ...[
        'import "a.unet"',
        'import "b.unet"',
        'import "std:blocks"',
        'import "',
        'import',
        'import 3',
        'block A(x) { x |> B }',
      ],
      ...[
        'block B(x) { x |> A(2) }',
        'block C(x, c) { x |> conv(c) |> SE(c) }',
        'network N {',
        '}',
        'head S = image |> A',
      ],
      ...['input image: f32[N, 3, H, W]', 'train { batch = 2 }', '"', 'block'],
    );
    const file = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('\n'));
    fc.assert(
      fc.property(file, file, file, (spec, a, b) => {
        const files = { 'spec.unet': spec, 'a.unet': a, 'b.unet': b };
        const loaded = loadFiles(files);
        expect(JSON.stringify(loadFiles(files).diagnostics)).toBe(JSON.stringify(loaded.diagnostics));
        const texts = new Map<string | undefined, string>([
          [undefined, spec],
          ...loaded.imports.map((f) => [f.path, f.text] as const),
        ]);
        for (const d of loaded.diagnostics) {
          for (const { span } of [d, ...d.related]) {
            expect(span.end.offset).toBeLessThanOrEqual(texts.get(span.file)?.length ?? -1);
          }
        }
      }),
      cases(300),
    );
  });

  it('paths are joined as a shell would', () => {
    const rows = [
      ['spec.unet', 'a.unet', 'a.unet'],
      ['spec.unet', './lib//a.unet', 'lib/a.unet'],
      ['lib/b.unet', '../a.unet', 'a.unet'],
      ['lib/b.unet', '../../a.unet', '../a.unet'],
      ['../b.unet', '../a.unet', '../../a.unet'],
      ['lib/b.unet', '/home/a.unet', '/home/a.unet'],
      ['/home/b.unet', 'a.unet', '/home/a.unet'],
      ['lib/b.unet', 'std:blocks', 'std:blocks'],
    ];
    for (const [from, path, due] of rows) expect(resolvePath(from!, path!)).toBe(due);
  });
});

describe('the standard library', () => {
  const uses = {
    Conv: ['Conv(8)', 3 * 8 * 9 + 8 + 16],
    Conv2: ['Conv2(8)', 3 * 8 * 9 + 8 + 16 + 8 * 8 * 9 + 8 + 16],
    Residual: ['Residual(8, project: true)', 3 * 8 * 9 + 16 + 8 * 8 * 9 + 16 + 3 * 8 + 16],
    ResidualStage: [
      'ResidualStage(8, 2, stride: 2)',
      3 * 8 * 9 + 16 + 8 * 8 * 9 + 16 + 3 * 8 + 16 + 2 * (8 * 8 * 9 + 16),
    ],
    SE: ['conv(8, kernel: 1) |> SE(8, 4)', 32 + 8 * 2 + 2 + 2 * 8 + 8],
    SCSE: ['conv(8, kernel: 1) |> SCSE(8, 4)', 32 + 8 * 2 + 2 + 2 * 8 + 8 + 9],
    AttentionGate: ['AttentionGate(image, 2)', 2 * (3 * 2 + 2 + 4) + 2 + 1 + 2],
  } as const;

  it.each(Object.entries(uses))('has %s', (name, [call, weights]) => {
    const loaded = load(net(call, 'import "std:blocks"'));
    expect(told(loaded)).toEqual([]);
    const channels = name === 'AttentionGate' ? 3 : 8;
    expect(countParameters(prune(loaded.network!))).toBe(weights + channels + 1);
  });

  it('has a test for every block', () => {
    const { imports } = load(net('Conv(4)', 'import "std:blocks"'));
    const names = [...(imports[0]?.text ?? '').matchAll(/^block (\w+)/gm)].map((m) => m[1]);
    expect(names).toEqual(Object.keys(uses));
  });

  it('is offered where one of its blocks is called without it', () => {
    const { diagnostics } = load(net('SE(3)', ''));
    expect(diagnostics[0]?.hints.join()).toContain('SE is in the standard library: import "std:blocks"');
  });

  it('is what a run kept of it, not what this version has', () => {
    const kept = { path: 'std:blocks', text: 'block Conv(x, c) { x |> conv(c, bias: false) }' };
    const loaded = load(net('Conv(4)', 'import "std:blocks"'), { resolve: fromFiles([kept]) });
    expect(countParameters(prune(loaded.network!))).toBe(3 * 4 * 9 + 5);
  });
});
