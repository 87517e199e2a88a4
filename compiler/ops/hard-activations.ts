import type { Value } from '../ir/graph.js';
import { affineOf } from './activations.js';

import { composed } from './composed.js';
import type { GradientBuilder } from './op.js';

const hardSigmoidOf = (build: GradientBuilder, x: Value): Value =>
  build.emit('clip', [affineOf(build, x, 1 / 6, 1 / 2)], { min: 0, max: 1 });

/** Howard et al., 2019 (MobileNetV3), as PyTorch has it: slope 1/6. */
export const hardSigmoid = composed(
  'x / 6 + 1 / 2, cut off at 0 and 1.',
  { torch: '`Hardsigmoid`.', range: [0, 1] },
  hardSigmoidOf,
);

export const hardSwish = composed('x * hard_sigmoid(x).', { torch: '`Hardswish`.', range: null }, (build, x) =>
  build.emit('mul', [x, hardSigmoidOf(build, x)]),
);

export const relu6 = composed('min(max(x, 0), 6).', { torch: '`ReLU6`.', range: [0, 6] }, (build, x) =>
  build.emit('clip', [x], { min: 0, max: 6 }),
);
