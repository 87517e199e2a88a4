import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LoweringContext } from '../../../compiler/5-emit/onnx/lowering.js';
import { blockedFilters, convolved } from '../../../compiler/5-emit/onnx/lowerings/blocked.js';
import { windowAttributes } from '../../../compiler/5-emit/onnx/lowerings/window.js';
import { ModelBuilder } from '../../../compiler/5-emit/onnx/model-builder.js';
import { encodeModel } from '../../../compiler/5-emit/onnx/schema.js';
import { num } from '../../../compiler/ir/dim.js';
import type { Node, Value } from '../../../compiler/ir/graph.js';
import { resolveWindow } from '../../../compiler/ops/spatial.js';

/** What kernels there are have: AVX-512 and NEON, AVX and SSE. */
const candidates = [16, 8];

const nowhere = { offset: 0, line: 1, column: 1 };

let found: Promise<number> | undefined;

/**
 * Channels in a block of this machine's blocked kernels (compiler/5-emit/onnx/lowerings/blocked.ts), or 0 where it has none. These operators are
 * ONNX Runtime's own affair and their layout is the CPU's, so nothing is concluded from versions or names: a block is believed in when convolutions
 * in it come out as plain ones do. Asked once in a process; takes a few milliseconds.
 */
export function blockSize(): Promise<number> {
  found ??= search();
  return found;
}

async function search(): Promise<number> {
  for (const block of candidates) if ((await isRight(block, block * 2)) && (await isRight(block, 3))) return block;
  return 0;
}

/** Whether a blocked 3 x 3 convolution of so many channels computes what a plain one does. */
async function isRight(block: number, channels: number): Promise<boolean> {
  const filters = block * 2;
  const shapes = { x: [2, channels, 5, 7], w: [filters, channels, 3, 3] };
  const model = new ModelBuilder('cpu', block);
  for (const name of ['x', 'w', 'blocked', 'plain']) model.reserve(name);
  const value = (id: number, shape: readonly number[]): Value => ({
    id,
    type: { dtype: 'f32', shape: shape.map(num) },
    origin: { path: 'probe', span: { start: nowhere, end: nowhere } },
  });
  const window = resolveWindow({ kernel: 3, padding: 'same' }, 2);
  const [x, w] = [value(0, shapes.x), value(1, shapes.w)];
  const node: Node = { op: 'conv', attrs: {}, inputs: [x, w], outputs: [], origin: x.origin };
  const to = new LoweringContext(node, ['x', 'w'], model, { wanted: new Set(), names: new Map() });
  const sizes = { channels, filters, window, groups: 1, positions: 0 };
  model.identity(convolved(to, 'x', blockedFilters(to, 1), sizes), 'blocked');
  model.identity(model.node('Conv', ['x', 'w'], windowAttributes(window)), 'plain');
  const info = (name: string, dims: readonly number[]) => ({ name, type: 'float', dims }) as const;
  const out = [2, filters, 5, 7];
  const bytes = encodeModel({
    ...{ irVersion: 8, opset: 17, producer: 'unetc', name: 'probe', metadata: {} },
    ...{ nodes: model.nodes, initializers: model.initializers },
    inputs: [info('x', shapes.x), info('w', shapes.w)],
    outputs: [info('blocked', out), info('plain', out)],
  });
  const filled = (shape: readonly number[]): Tensor => {
    const length = shape.reduce((a, b) => a * b, 1);
    return new Tensor(
      'float32',
      Float32Array.from({ length }, (_, k) => Math.sin(k * 12.9898)),
      shape,
    );
  };
  try {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 } as const;
    const session = await InferenceSession.create(bytes, options);
    try {
      const result = await session.run({ x: filled(shapes.x), w: filled(shapes.w) });
      const [got, due] = [result.blocked?.data as Float32Array, result.plain?.data as Float32Array];
      // Sums of up to 288 products below 1: far above their rounding, far below a misplaced one.
      return got.every((v, k) => Math.abs(v - (due[k] as number)) < 1e-3);
    } finally {
      await session.release();
    }
  } catch {
    // Such operators are unknown to this build, or it takes no such block: it has no blocked kernels for us.
    return false;
  }
}
