import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** A two-level UNet++ that trains in a second; sizes are multiples of 4. */
export const tinySpec = `network Tiny {
  param classes = 1
  param width   = [2, 4, 4]
  let depth = len(width) - 1

  input image: f32[N, 3, H, W]

  block Conv(x, c) {
    x |> conv(c, kernel: 3, bias: true) |> batchnorm |> relu
  }

  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Conv(width[i])
  }

  head S[j in 1..depth] = X[0, j] |> conv(classes, kernel: 1) |> sigmoid

  output mask {
    accurate = mean(S)
    fast     = last(S)
  }
}

train {
  loss      = bce + dice
  optimizer = adam(lr: 1e-2)
  batch = 2    epochs = 1
  resize = [16, 16]
}
`;

/** A bright square on noise that does not depend on chance: image k has it at another place. */
function pixels(k: number, size: number, inside: number, outside: number, channels: number): Buffer {
  const data = Buffer.alloc(size * size * channels);
  const at = 2 + (k % 4) * 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const on = y >= at && y < at + 8 && x >= at && x < at + 8;
      data.fill(
        on ? inside : outside + ((x * 7 + y * 13 + k * 5) % 17),
        (y * size + x) * channels,
        (y * size + x + 1) * channels,
      );
    }
  }
  return data;
}

export async function writeImage(file: string, k = 0, size = 16): Promise<void> {
  await sharp(pixels(k, size, 220, 20, 3), { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(file);
}

export async function writeMask(file: string, k = 0, size = 16): Promise<void> {
  const mask = pixels(k, size, 255, 0, 1).map((v) => (v === 255 ? 255 : 0));
  await sharp(mask, { raw: { width: size, height: size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(file);
}

/** `images/` and `masks/` of a0.png, a1.png, ... */
export async function writeData(folder: string, count = 6): Promise<void> {
  await mkdir(join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'masks'), { recursive: true });
  for (let k = 0; k < count; k++) {
    await writeImage(join(folder, 'images', `a${k}.png`), k);
    await writeMask(join(folder, 'masks', `a${k}.png`), k);
  }
}

export const writeSpec = (file: string, change: (text: string) => string = (t) => t): Promise<void> =>
  writeFile(file, change(tinySpec));
