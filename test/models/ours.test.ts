import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { deploy, knownShape, optimizeForRuntime } from '../../compiler/index.js';
import { checkModel } from '../../runtime/models/check.js';
import { networkOf } from '../tfjs-layers/builds.js';

describe.each(readdirSync('specs').filter((name) => name.endsWith('.unet')))('what is built of specs/%s', (name) => {
  it('passes the check of strangers, for every runtime and mode', () => {
    const network = networkOf(readFileSync(`specs/${name}`, 'utf8'));
    const weights = new Map(
      network.graph.params.map((p) => {
        const length = knownShape(p.type.shape).reduce((a, b) => a * b, 1);
        return [p.origin.path, new Float32Array(length).fill(0.1)];
      }),
    );
    for (const [mode, runtime] of [
      [undefined, 'plain'],
      [undefined, 'openvino'],
      ['all', 'ort'],
    ] as const) {
      const finished = optimizeForRuntime(deploy(network, { mode }), weights, runtime);
      const bytes = emitOnnx(finished.graph, { weights: finished.weights, name: 'test', metadata: {} });
      expect(checkModel(bytes).inputs).toEqual([network.graph.inputs[0]?.name]);
    }
  });
});
