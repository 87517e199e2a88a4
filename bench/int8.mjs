#!/usr/bin/env node
// What `unetc build --quantize int8` costs in IoU and gains in time and bytes, on real images:
//
//   npm run build && node bench/int8.mjs [--python PATH] [--data DIR] [--run RUN] [--epochs 8] [--rounds 15]
//     [--size 256x256] [--json]
//
// UNet++ 16..256 with nearest upsampling (bench/int8/nearest.unet) is trained on the images of DIR (shared/data/dsb2018
// beside the checkout) at 96x96, unless --run names a run of it, and kept in the temporary folder for the next time. Its levels
// are built in float and in int8, and judged on the images held out; the whole network is timed at --size in ONNX Runtime.
// --python names an interpreter with numpy, torch, onnx, onnxruntime, openvino and safetensors: then PyTorch's export, quantized by
// onnxruntime.quantization with the same weights and images, takes turns with ours, OpenVINO runs the same files, and
// the answers of all runtimes are compared.
import { parseArgs } from 'node:util';
import { measure } from './int8/measure.mjs';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    data: { type: 'string' },
    run: { type: 'string' },
    epochs: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    size: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const { rows, text } = await measure({
  ...values,
  rounds: Number(values.rounds),
  epochs: values.epochs === undefined ? undefined : Number(values.epochs),
  size: values.size?.split('x').map(Number),
  note: (line) => process.stderr.write(`${line}\n`),
});
const goalOf = ({ atMost, atLeast } = {}) =>
  atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : '';
const lines = rows.map(({ what, figure, unit = '', goal, note }) =>
  [`${what}: ${figure} ${unit}`.trim(), goalOf(goal), note].filter(Boolean).join('; '),
);
process.stdout.write(values.json ? `${JSON.stringify({ rows, text })}\n` : `${[...lines, text ?? ''].join('\n')}\n`);
