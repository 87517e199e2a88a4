import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { countParameters, deploy, known, load, type Network, prune } from '../../compiler/index.js';
import type { Attrs } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import type { Engine, Tensor, Weights } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { openvino } from '../../runtime/engines/openvino/index.js';
import { kernels, tensor } from '../../testing/reference/index.js';
import { installed, why } from '../openvino/installed.js';
import { gradients } from '../ops/build.js';
import { recordedJson } from './recorded.js';
import { ruleFor, uniform } from './rule.js';

// The networks of specs/ against PyTorch's own of the same structure, on weights that both sides make from their names.

interface Recorded {
  readonly set: Readonly<Record<string, string>>;
  readonly input: readonly number[];
  readonly gain: number;
  readonly tensors: number;
  readonly parameters: number;
  readonly heads: Readonly<Record<string, { readonly mean: number; readonly sample: readonly number[] }>>;
}

const recorded = recordedJson<Record<string, Recorded>>('presets.json');
const folder = fileURLToPath(new URL('../../specs/', import.meta.url));
const presets = readdirSync(folder).flatMap((name) => (name.endsWith('.unet') ? [name.replace('.unet', '')] : []));

function networkOf(name: string, set: Readonly<Record<string, string>>): Network {
  const { network, diagnostics } = load(readFileSync(`${folder}${name}.unet`, 'utf8'), { set });
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return network;
}

const weightsByRule = (network: Network, gain: number): Weights =>
  new Map(
    network.graph.params.map((p) => {
      const shape = p.type.shape.map(known);
      const data = ruleFor(p.origin.path, shape);
      const isHead = p.origin.path.startsWith('S') && shape.length > 1;
      return [p.origin.path, { shape, data: isHead ? data.map((v) => v * gain) : data }];
    }),
  );

test('every preset has a recording, and every recording a preset', () => {
  expect(Object.keys(recorded).sort()).toEqual([...presets].sort());
});

describe.each(presets)('%s', (name) => {
  const { set, input, gain, tensors, parameters, heads } = recorded[name]!;

  test('has as many weights as its source', () => {
    expect(countParameters(prune(networkOf(name, {}), { mode: 'all' }))).toBe(parameters);
  });

  const image: Tensor = {
    shape: input,
    data: Float32Array.from(
      uniform(
        'image',
        input.reduce((a, b) => a * b, 1),
      ),
    ),
  };

  /** Every head of the whole network. */
  async function answersOf(engine: Engine): Promise<ReadonlyMap<string, Tensor>> {
    const network = networkOf(name, set);
    expect(network.heads.map((h) => h.name)).toEqual(Object.keys(heads));
    const predictor = await engine.predictor(deploy(network, { mode: 'all' }), weightsByRule(network, gain));
    return predictor.run(image).finally(() => predictor.dispose());
  }

  function expectPyTorchs(answers: ReadonlyMap<string, Tensor>): void {
    for (const [head, due] of Object.entries(heads)) {
      const { data } = answers.get(head)!;
      const step = Math.floor(data.length / 64) | 1;
      expect(due.sample.length).toBe(Math.ceil(data.length / step));
      const worst = Math.max(...due.sample.map((v, k) => Math.abs(data[k * step]! - v)));
      expect(worst, `${head} is off by ${worst}`).toBeLessThan(1e-4);
      expect(Math.abs(data.reduce((a, b) => a + b, 0) / data.length - due.mean)).toBeLessThan(1e-5);
    }
  }

  test('answers what PyTorch does, at every head', async () => {
    expect(networkOf(name, set).graph.params.length).toBe(tensors);
    expectPyTorchs(await answersOf(ort));
  });

  test.skipIf(!installed)(`does so in OpenVINO, and what ONNX Runtime does within 1e-4${why}`, async () => {
    const [got, due] = [await answersOf(openvino()), await answersOf(ort)];
    expectPyTorchs(got);
    for (const [output, { data }] of due) {
      const ours = got.get(output)!.data;
      expect(Math.max(...data.map((v, k) => Math.abs(v - ours[k]!))), output).toBeLessThan(1e-4);
    }
  });
});

interface RecordedOperator {
  readonly op: OpName;
  readonly attrs: Attrs;
  readonly inputs: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly y: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const near = (got: ArrayLike<number>, due: readonly number[]): void => {
  expect(got.length).toBe(due.length);
  for (const [k, v] of due.entries()) expect(Math.abs(got[k]! - v)).toBeLessThan(1e-9);
};

test.each(recordedJson<RecordedOperator[]>('operators.json'))('$op $attrs is PyTorch’s, gradients too', (due) => {
  const filled = (name: string, shape: readonly number[], shift: number) =>
    tensor(
      shape,
      uniform(
        name,
        shape.reduce((a, b) => a * b, 1),
      ).map((u) => u + shift),
    );
  const inputs = due.inputs.map((shape, k) => filled(`x${k}`, shape, -0.5));
  const y = kernels[due.op](due.attrs, inputs)[0]!;
  expect(y.shape).toEqual(due.shape);
  near(y.data, due.y);
  const found = gradients(due.op, { attrs: due.attrs, inputs }, filled('dy', due.shape, 0));
  expect(found.length).toBe(due.gradients.length);
  for (const [k, gradient] of due.gradients.entries()) near(found[k]!.data, gradient);
});
