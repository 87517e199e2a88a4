import { expect, test } from 'vitest';
import { kernels, tensor } from '../../testing/reference/index.js';
import { oneOperator } from '../ops/build.js';
import { runOnnx } from './run.js';

test('lovasz_weights keep their digits on a large image, in single precision', async () => {
  const shape = [1, 1, 96, 96];
  const numbers = Array.from({ length: 96 * 96 }, (_, k) => k);
  // A permutation: every error another.
  const errors = tensor(
    shape,
    numbers.map((k) => ((k * 5003) % 9216) / 4096),
  );
  const labels = tensor(
    shape,
    numbers.map((k) => (k % 7 < 2 ? 1 : 0)),
  );
  const { graph, feeds } = oneOperator('lovasz_weights', { attrs: {}, inputs: [errors, labels] });
  const got = await runOnnx(graph, feeds);
  const due = kernels.lovasz_weights({}, [errors, labels])[0]!;
  for (const [k, v] of due.data.entries()) expect(Math.abs(got.get('y0')!.data[k]! / v - 1)).toBeLessThan(1e-6);
});
