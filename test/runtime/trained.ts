import { join } from 'node:path';
import { load } from '../../compiler/index.js';
import { openFolder } from '../../runtime/data/index.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { dataFormat } from '../../runtime/run/task.js';
import { type TrainResult, train } from '../../runtime/training/train.js';
import { writeDiscs } from './small-run.js';

export const spec = (classes = 1, train = 'resize = [16, 16]', activation = 'sigmoid'): string => `network Small {
  param width = [4, 8, 8]
  input image: f32[N, 1, H, W]
  block Unit(x, c) { x |> conv(c, kernel: 3) |> batchnorm |> relu }
  grid X[i in 0..2, j in 0..2 - i] {
    X[0, 0] = image |> Unit(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Unit(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Unit(width[i])
  }
  head S[j in 1..2] = X[0, j] |> conv(${classes}, kernel: 1) |> ${activation}
  output mask {
    accurate = mean(S)
    fast     = last(S)
  }
}

train {
  loss = ${activation === 'softmax' ? 'cross_entropy' : '0.5 * bce + dice'}
  optimizer = adam(lr: 1e-2)
  batch = 4  epochs = 6  ${train}
}
`;

/** A run of a small spec on discs, in `folder/run`, the discs in `folder/data`. */
export async function trained(folder: string, text = spec(), prepare = writeDiscs): Promise<TrainResult> {
  const data = join(folder, 'data');
  await prepare(data, 12);
  const { network, recipe, params } = load(text);
  if (!network) throw new Error('the spec of the test does not compile');
  const dataset = await openFolder(data, dataFormat(network, recipe));
  return train({ specText: text, params, network, recipe, dataset, runFolder: join(folder, 'run'), engine: ort });
}
