import type { RawApply, RawInput, RawNetwork } from '../../compiler/1-elaborate/raw.js';
import { infer } from '../../compiler/2-infer/index.js';
import type { Attrs, Network } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';

/** Writes elaborated networks by hand, for tests of what comes after elaboration. */
export class Handmade {
  readonly steps: (RawInput | RawApply)[] = [];

  input(name: string, shape: readonly (number | string)[]): number {
    return this.steps.push({ kind: 'input', name, shape, origin: { path: name, span: nowhere } }) - 1;
  }

  apply(op: OpName, path: string, inputs: readonly number[], attrs: Attrs): number {
    return this.steps.push({ kind: 'apply', op, attrs, inputs, origin: { path, span: nowhere } }) - 1;
  }

  conv(path: string, x: number, channels: number, kernel = 3): number {
    return this.apply('conv', path, [x], {
      channels,
      kernel,
      stride: 1,
      padding: 'same',
      dilation: 1,
      groups: 1,
      bias: true,
    });
  }

  /** Heads in level order; modes `accurate` (mean) and `fast` (last). */
  network(heads: readonly number[]): Network {
    const modeOutputs = heads.flatMap((value, k) => {
      const level = k + 1;
      const mean = this.apply('mean', `accurate@L${level}`, heads.slice(0, level), {});
      return [
        { level, mode: 'accurate', value: mean },
        { level, mode: 'fast', value },
      ];
    });
    const raw: RawNetwork = {
      name: 'Handmade',
      steps: this.steps,
      outputName: 'mask',
      heads: heads.map((value, k) => ({ name: `S[${k + 1}]`, family: 'S', level: k + 1, value, span: nowhere })),
      modes: ['accurate', 'fast'],
      modeOutputs,
      levels: heads.map((_, k) => k + 1),
      edges: [],
      expects: [],
      params: {},
    };
    const { network, diagnostics } = infer(raw);
    if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
    return network;
  }
}

/** A UNet++ with batch norm, nearest upsampling and a head for each level. */
export function nestedNetwork(widths: readonly number[], channels = 3): Network {
  const h = new Handmade();
  const x = h.input('image', ['N', channels, 'H', 'W']);
  const depth = widths.length - 1;
  const cell = new Map<string, number>();
  const block = (path: string, from: number, width: number): number => {
    let y = from;
    for (const k of [1, 2]) {
      y = h.conv(`${path}.conv${k}`, y, width);
      y = h.apply('batchnorm', `${path}.bn${k}`, [y], { eps: 1e-5, momentum: 0.1 });
      y = h.apply('relu', `${path}.relu${k}`, [y], {});
    }
    return y;
  };
  for (let j = 0; j <= depth; j++) {
    for (let i = 0; i <= depth - j; i++) {
      const path = `X[${i},${j}]`;
      const width = widths[i] as number;
      if (j === 0) {
        const above =
          i === 0
            ? x
            : h.apply('maxpool', `${path}.maxpool`, [cell.get(`${i - 1},0`) as number], {
                kernel: 2,
                stride: 2,
                padding: 0,
              });
        cell.set(`${i},${j}`, block(path, above, width));
        continue;
      }
      const up = h.apply('upsample', `${path}.upsample`, [cell.get(`${i + 1},${j - 1}`) as number], {
        scale: 2,
        mode: 'nearest',
        align_corners: false,
      });
      const row = Array.from({ length: j }, (_, k) => cell.get(`${i},${k}`) as number);
      cell.set(`${i},${j}`, block(path, h.apply('concat', `${path}.concat`, [...row, up], { axis: 1 }), width));
    }
  }
  const heads = Array.from({ length: depth }, (_, k) =>
    h.apply('sigmoid', `S[${k + 1}].sigmoid`, [h.conv(`S[${k + 1}].conv`, cell.get(`0,${k + 1}`) as number, 1, 1)], {}),
  );
  return h.network(heads);
}
