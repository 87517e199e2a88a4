import type { RawApply, RawNetwork, RawValue } from '../../compiler/1-elaborate/raw.js';
import { infer } from '../../compiler/2-infer/index.js';
import type { Attrs, Cell, Edge, Network } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';

const defaults: Partial<Record<OpName, Attrs>> = {
  conv: { kernel: 3, stride: 1, padding: 'same', dilation: 1, groups: 1, bias: true },
  conv_transpose: { kernel: 2, stride: 2, padding: 'same', bias: true },
  maxpool: { kernel: 2, stride: 2, padding: 0 },
};

/** Builds networks step by step, without the language: what is drawn must not depend on how it was written. */
class Sketch {
  readonly steps: RawNetwork['steps'][number][] = [];
  readonly edges: Edge[] = [];

  input(name: string, shape: readonly (number | string)[]): RawValue {
    this.steps.push({ kind: 'input', name, shape, origin: { path: name, span: nowhere } });
    return this.steps.length - 1;
  }

  apply(op: OpName, inputs: readonly RawValue[], path: string, attrs: Attrs = {}, cell?: Cell): RawValue {
    const step: RawApply = {
      kind: 'apply',
      op,
      inputs,
      attrs: { ...defaults[op], ...attrs },
      origin: { path: `${path}.${op}${this.steps.length}`, span: nowhere, ...(cell ? { cell } : {}) },
    };
    this.steps.push(step);
    return this.steps.length - 1;
  }

  conv2(x: RawValue, channels: number, path: string, cell?: Cell): RawValue {
    let y = x;
    for (let k = 0; k < 2; k++) {
      y = this.apply('relu', [this.apply('conv', [y], path, { channels }, cell)], path, {}, cell);
    }
    return y;
  }

  edge(from: Cell, to: Cell, kind: Edge['kind']): void {
    this.edges.push({ from, to, kind, span: nowhere });
  }

  finish(name: string, features: readonly { level: number; value: RawValue }[]): Network {
    const heads = features.map(({ level, value }) => {
      const conv = this.apply('conv', [value], `S[${level}]`, { channels: 1, kernel: 1 });
      return {
        name: `S[${level}]`,
        family: 'S',
        level,
        value: this.apply('sigmoid', [conv], `S[${level}]`),
        span: nowhere,
      };
    });
    const modeOutputs = heads.flatMap((h, k) => {
      const accurate = this.apply(
        'mean',
        heads.slice(0, k + 1).map((s) => s.value),
        'mask',
      );
      return [
        { level: h.level, mode: 'accurate', value: accurate },
        { level: h.level, mode: 'fast', value: h.value },
      ];
    });
    const { network, diagnostics } = infer({
      name,
      steps: this.steps,
      outputName: 'mask',
      heads,
      modes: ['accurate', 'fast'],
      modeOutputs,
      levels: heads.map((h) => h.level),
      edges: this.edges,
      expects: [],
      params: {},
    });
    if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
    return network;
  }
}

const cellOf = (grid: string, ...index: number[]): Cell => ({ grid, index });
const pathOf = (c: Cell): string => `${c.grid}[${c.index.join(',')}]`;

/** UNet++ with one head on each node of the top row but the first. */
export function unetpp(width: readonly number[], grid = 'X'): Network {
  const sketch = new Sketch();
  const depth = width.length - 1;
  const made = new Map<string, RawValue>();
  const get = (i: number, j: number): RawValue => made.get(`${i},${j}`) as RawValue;
  const image = sketch.input('image', ['N', 1, 'H', 'W']);
  for (let j = 0; j <= depth; j++) {
    for (let i = 0; i <= depth - j; i++) {
      const cell = cellOf(grid, i, j);
      const path = pathOf(cell);
      const channels = width[i] as number;
      let x = image;
      if (j > 0) {
        const up = sketch.apply('conv_transpose', [get(i + 1, j - 1)], path, { channels }, cell);
        const skips = Array.from({ length: j }, (_, k) => get(i, k));
        x = sketch.apply('concat', [...skips, up], path, {}, cell);
        for (let k = 0; k < j; k++) sketch.edge(cellOf(grid, i, k), cell, 'skip');
        sketch.edge(cellOf(grid, i + 1, j - 1), cell, 'up');
      } else if (i > 0) {
        x = sketch.apply('maxpool', [get(i - 1, 0)], path, {}, cell);
        sketch.edge(cellOf(grid, i - 1, 0), cell, 'down');
      }
      made.set(`${i},${j}`, sketch.conv2(x, channels, path, cell));
    }
  }
  return sketch.finish(
    'UNetPlusPlus',
    width.slice(1).map((_, k) => ({ level: k + 1, value: get(0, k + 1) })),
  );
}

/** U-Net with an encoder and a decoder grid of one index each; `grids: false` leaves the cells out. */
export function unet(width: readonly number[], options: { readonly grids: boolean }): Network {
  const sketch = new Sketch();
  const depth = width.length - 1;
  const cellIn = (grid: string, i: number): Cell | undefined => (options.grids ? cellOf(grid, i) : undefined);
  const edge = (from: Cell, to: Cell, kind: Edge['kind']): void => {
    if (options.grids) sketch.edge(from, to, kind);
  };
  let x = sketch.input('image', ['N', 3, 'H', 'W']);
  const skips: RawValue[] = [];
  for (let i = 0; i <= depth; i++) {
    const cell = cellIn('Encoder', i);
    const path = pathOf(cellOf('Encoder', i));
    if (i > 0) {
      x = sketch.apply('maxpool', [x], path, {}, cell);
      edge(cellOf('Encoder', i - 1), cellOf('Encoder', i), 'down');
    }
    x = sketch.conv2(x, width[i] as number, path, cell);
    skips.push(x);
  }
  for (let i = depth - 1; i >= 0; i--) {
    const cell = cellIn('Decoder', i);
    const path = pathOf(cellOf('Decoder', i));
    const channels = width[i] as number;
    const up = sketch.apply('conv_transpose', [x], path, { channels }, cell);
    x = sketch.conv2(sketch.apply('concat', [skips[i] as RawValue, up], path, {}, cell), channels, path, cell);
    edge(cellOf('Encoder', i), cellOf('Decoder', i), 'skip');
    edge(i === depth - 1 ? cellOf('Encoder', depth) : cellOf('Decoder', i + 1), cellOf('Decoder', i), 'up');
  }
  return sketch.finish('UNet', [{ level: 1, value: x }]);
}
