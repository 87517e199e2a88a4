// Text to ONNX bytes: node examples/export.mjs [spec.unet] [out.onnx]. Needs no engine, and runs in a browser but for the two lines of files.
import { readFileSync, writeFileSync } from 'node:fs';
import { build, load, UserError } from 'unetc';

const [spec = new URL('../specs/demo.unet', import.meta.url), out = 'demo-L2.onnx'] = process.argv.slice(2);
try {
  const { files, inputs, outputs, parameters, macs } = await build(load(readFileSync(spec, 'utf8')), {
    target: 'onnx',
    level: 'L2',
    mode: 'fast',
    seed: 0,
  });
  writeFileSync(out, files.get('model.onnx'));
  console.log(JSON.stringify({ inputs, outputs, parameters, macs }));
} catch (error) {
  // What is wrong with a spec, or with what was asked of it; anything else is a bug.
  if (!(error instanceof UserError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
