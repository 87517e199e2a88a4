// Trains a small run until it is done or killed: `node kill-child.js DATA RUN`.
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { train } from '../../runtime/training/train.js';
import { smallRun } from './small-run.js';

const [data = '', run = ''] = process.argv.slice(2);
const options = await smallRun(data, run, {}, ort);
await train({ ...options, resume: true, onProgress: () => process.send?.('progress') });
process.disconnect?.();
