import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { encodeModel, type NodeProto } from '../../compiler/5-emit/onnx/schema.js';
import { deploy } from '../../compiler/index.js';
import type { Tensor } from '../../runtime/engines/engine.js';
import { opensOnnx, trains } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import type { CApi } from '../../runtime/engines/openvino/c-api.js';
import { type Core, openVino } from '../../runtime/engines/openvino/core.js';
import { openvino } from '../../runtime/engines/openvino/index.js';
import { createPredictor, openPredictor } from '../../runtime/engines/openvino/predictor.js';
import { collectGarbage } from '../../runtime/support/garbage.js';
import { anyWeights, narrow, networkOf, picture } from '../tfjs-layers/builds.js';
import { installed, why } from './installed.js';

const options = { device: 'cpu', precision: 'fp32' } as const;
const network = networkOf(readFileSync('specs/starter.unet', 'utf8'));

/** What somebody has to free: made, less freed. */
function counted(core: Core): { core: Core; live: Record<string, number> } {
  const live = { model: 0, compiled: 0, request: 0, tensor: 0 };
  const { api } = core;
  const made = (kind: keyof typeof live, pointer: bigint): bigint => {
    live[kind]++;
    return pointer;
  };
  const freed = (kind: keyof typeof live, free: (pointer: bigint) => void) => (pointer: bigint) => {
    live[kind]--;
    free(pointer);
  };
  const counting: CApi = {
    ...api,
    readModel: (...args) => made('model', api.readModel(...args)),
    compile: (...args) => made('compiled', api.compile(...args)),
    newRequest: (...args) => made('request', api.newRequest(...args)),
    newTensor: (...args) => made('tensor', api.newTensor(...args)),
    output: (...args) => made('tensor', api.output(...args)),
    freeModel: freed('model', api.freeModel),
    freeCompiled: freed('compiled', api.freeCompiled),
    freeRequest: freed('request', api.freeRequest),
    freeTensor: freed('tensor', api.freeTensor),
  };
  return { core: { ...core, api: counting }, live };
}

/** One node from an image to an answer. */
const modelOf = (node: Partial<NodeProto> & { op: string }): Uint8Array =>
  encodeModel({
    ...{ irVersion: 8, opset: 17, producer: 'test', name: 'test', metadata: {}, initializers: [] },
    nodes: [{ name: 'n', inputs: ['x'], outputs: ['y'], attributes: {}, ...node }],
    inputs: [{ name: 'x', type: 'float', dims: ['N', 3, 'H', 'W'] }],
    outputs: [{ name: 'y', type: 'float', dims: ['N', 3, 'H', 'W'] }],
  });

const furthest = (a: Tensor, b: Tensor): number =>
  a.data.reduce((most, v, i) => Math.max(most, Math.abs(v - b.data[i]!)), 0);

describe.skipIf(!installed)(`OpenVINO${why}`, () => {
  it('answers a built file by the names and within 1e-4 of ONNX Runtime, at every level, mode and size', async () => {
    const weights = anyWeights(network, 3);
    const arrays = new Map([...weights].map(([path, t]) => [path, t.data]));
    for (const level of network.levels) {
      for (const mode of [...network.modes, 'all']) {
        const graph = deploy(network, { level, mode });
        const onnx = emitOnnx(graph, { weights: arrays, name: 'test', metadata: {} });
        const [ours, theirs] = [await openvino().open(onnx), await ort.open(onnx)];
        for (const shape of [
          [1, 3, 32, 48],
          [2, 3, 64, 32],
        ]) {
          const image = picture(shape, level);
          const [got, due] = [await ours.run(image), await theirs.run(image)];
          expect([...got.keys()]).toEqual([...due.keys()]);
          for (const [name, t] of due) {
            expect(got.get(name)!.shape).toEqual([...t.shape]);
            expect(furthest(got.get(name)!, t), `L${level} ${mode} ${name}`).toBeLessThan(1e-4);
          }
        }
        await Promise.all([ours.dispose(), theirs.dispose()]);
      }
    }
  });

  it('answers the same bits every time', async () => {
    const predictor = await openvino().predictor(deploy(network), anyWeights(network, 1));
    const image = picture([1, 3, 64, 64], 1);
    const first = [...(await predictor.run(image)).values()][0]!.data;
    for (let k = 0; k < 5; k++) expect([...(await predictor.run(image)).values()][0]!.data).toEqual(first);
    await predictor.dispose();
  });

  it('names an operator that it lacks, and says of a file that it is none, before anything runs', async () => {
    const open = (onnx: Uint8Array) => openvino().open(onnx, { trust: true });
    await expect(open(modelOf({ op: 'NoSuchThing' }))).rejects.toMatchObject({
      name: 'UserError',
      message: "OpenVINO can't run this model: it has no NoSuchThing",
      hint: 'use --engine ort',
    });
    await expect(open(Buffer.from('no model'))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^the model is not an ONNX model$/),
    });
  });

  it('says what is wrong with an image of another number of channels, and goes on', async () => {
    const predictor = await openvino().predictor(deploy(network), anyWeights(network, 1));
    await expect(predictor.run(picture([1, 2, 32, 32], 1))).rejects.toMatchObject({ name: 'OpenVinoError' });
    expect((await predictor.run(picture([1, 3, 32, 32], 1))).size).toBe(1);
    await predictor.dispose();
  });

  it('frees all that it makes, of refused models too, and its memory stays flat over 300 predictions', async () => {
    const { core, live } = counted(await openVino());
    expect(() => openPredictor(core, options, modelOf({ op: 'NoSuchThing' }))).toThrow();
    const small = narrow(readFileSync('specs/starter.unet', 'utf8'));
    const predictor = createPredictor(core, options, deploy(small, { mode: 'all' }), anyWeights(small, 1));
    const images = [picture([1, 3, 256, 256], 1), picture([1, 3, 128, 192], 2)];
    const memory: number[] = [];
    for (let k = 1; k <= 300; k++) {
      await predictor.run(images[k % 2]!);
      expect(live).toEqual({ model: 0, compiled: 1, request: 1, tensor: 0 });
      if (k % 100 !== 0) continue;
      collectGarbage();
      memory.push(process.memoryUsage().rss / 2 ** 20);
    }
    await expect(predictor.run(picture([1, 2, 32, 32], 1))).rejects.toThrow();
    await predictor.dispose();
    expect(live).toEqual({ model: 0, compiled: 0, request: 0, tensor: 0 });
    // An input alone, kept by each of 200 predictions, would be 104 MiB.
    expect((memory[2] as number) - (memory[0] as number), memory.join()).toBeLessThan(20);
  });

  it('lets the process do other things while it works', async () => {
    const predictor = await openvino().predictor(deploy(network), anyWeights(network, 1));
    const image = picture([4, 3, 256, 256], 1);
    await predictor.run(image);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await predictor.run(image);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    await predictor.dispose();
  });

  it('refuses bf16 on a CPU without it, where OpenVINO itself would go on in fp32 and say nothing', async () => {
    const core = await openVino();
    const able = core.api.property(core.handle, 'CPU', 'OPTIMIZATION_CAPABILITIES').split(' ').includes('BF16');
    const made = openvino({ precision: 'bf16' }).predictor(deploy(network), anyWeights(network, 1));
    if (able) await (await made).dispose();
    else await expect(made).rejects.toMatchObject({ code: 'precision-missing', message: /no bf16 on this CPU/ });
  });

  it('has no trainer: it only predicts', () => {
    expect(trains(openvino())).toBe(false);
    expect(opensOnnx(openvino())).toBe(true);
  });
});
