#!/usr/bin/env node
// Prediction in OpenVINO against ONNX Runtime, and against OpenVINO from Python, on the same machine in turns:
//
//   npm run build && unetc engine install openvino
//   node bench/openvino.mjs [--python PATH] [--rounds 15] [--json]
//
// --python names an interpreter with bench/openvino/requirements.txt installed: without it there is no int8, which its
// quantizer makes, and nothing to compare Node with. Printed are medians, in milliseconds, and medians of the ratios of single rounds; the CPU
// decides which precisions there are, so what it lacks is said.
import { parseArgs } from 'node:util';
import { measure } from './performance/openvino.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
});
const note = (text) => process.stderr.write(`${text}\n`);
const { rows, text } = await measure({ python: options.python, rounds: Number(options.rounds), note });
if (options.json) console.log(JSON.stringify({ rows, text }, null, 2));
else {
  console.log(text);
  for (const { what, figure, unit = '', goal, note: about } of rows) {
    const asked = goal?.atMost === undefined ? '' : ` (goal: at most ${goal.atMost}${unit})`;
    console.log(
      `${what}: ${figure === null ? 'not measured' : `${figure.toFixed(3)}${unit}`}${asked}${about ? `; ${about}` : ''}`,
    );
  }
}
