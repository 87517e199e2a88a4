import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../compiler/user-error.js';
import type { Picture } from '../../runtime/data/index.js';
import { readPicture } from '../../runtime/data/index.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { checkModel } from '../../runtime/models/check.js';
import { checkSeal, sealed, sealKey, sealLength } from '../../runtime/models/seal.js';
import { openModel } from '../../runtime/prediction/model.js';
import { predictPicture } from '../../runtime/prediction/predict.js';
import { cases } from '../cases.js';
import { writeImage, writeSpec } from '../cli/fixtures.js';
import { unetc } from '../cli/io.js';
import { crafted, encode, intact } from './crafted.js';

let folder = '';
let whole: Uint8Array = new Uint8Array();
let picture: Picture;
let due: Float32Array = new Float32Array();

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'unetc-damage-'));
  await writeSpec(join(folder, 'tiny.unet'));
  await writeImage(join(folder, 'photo.png'));
  const built = await unetc('build', join(folder, 'tiny.unet'), '-o', join(folder, 'whole.onnx'));
  expect(built.exit, built.stderr).toBe(0);
  whole = readFileSync(join(folder, 'whole.onnx'));
  picture = await readPicture(join(folder, 'photo.png'), 3);
  due = (await mapOf(whole)) as Float32Array;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What these bytes answer, or the error of ours that says why they do not; anything else fails the test. */
async function mapOf(bytes: Uint8Array): Promise<Float32Array | UserError> {
  const file = join(folder, 'damaged.onnx');
  writeFileSync(file, bytes);
  try {
    const model = await openModel(file, { engine: ort });
    return (await predictPicture(model, picture).finally(() => model.predictor.dispose())).data;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

const flipped = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
};

const places = fc.record({ where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), bit: fc.nat(7) });

describe('a file of ours', () => {
  it('with one bit flipped is refused, or answers the same map (500 of them)', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(places, async ({ where, bit }) => {
        const found = await mapOf(flipped(whole, Math.floor(where * whole.length), bit));
        if (found instanceof UserError) refused++;
        else expect(found).toEqual(due);
      }),
      { ...cases(500), seed: 1 },
    );
    expect(refused).toBeGreaterThan(450);
  });

  it('with any bit of its checksum flipped is refused, or answers the same map', async () => {
    for (let at = whole.length - sealLength; at < whole.length; at++) {
      const found = await mapOf(flipped(whole, at, at % 8));
      if (!(found instanceof UserError)) expect(found).toEqual(due);
    }
  });

  it('cut off is refused, unless nothing but the checksum is gone (500 of them)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const found = await mapOf(whole.subarray(0, length));
        if (found instanceof UserError) return;
        expect(length).toBe(whole.length - sealLength);
        expect(found).toEqual(due);
      }),
      { ...cases(500), seed: 2 },
    );
    expect(await mapOf(whole.subarray(0, whole.length - sealLength))).toEqual(due);
  });

  it('with bytes added, dropped, repeated or zeroed is refused', async () => {
    const cut = Math.floor(whole.length / 2);
    const parts = [whole.subarray(0, cut), whole.subarray(cut)];
    const variants = [
      Buffer.concat([whole, Buffer.of(0)]),
      Buffer.concat([whole, whole]),
      Buffer.concat([...parts, parts[1]!]),
      Buffer.concat([parts[0]!, parts[1]!.subarray(1)]),
      Buffer.concat([parts[0]!, Buffer.alloc(64), parts[1]!.subarray(64)]),
      Buffer.concat([whole, encode({ metadataProps: [{ key: 'more', value: '1' }] })]),
      Buffer.alloc(whole.length),
      Buffer.alloc(0),
    ];
    for (const bytes of variants) expect(await mapOf(bytes)).toMatchObject({ code: expect.stringMatching(/^model-/) });
  });
});

describe('a file without a checksum', () => {
  it('is refused or runs, however it is damaged, and never ends the process (500 flips, 500 cuts)', async () => {
    const bytes = whole.subarray(0, whole.length - sealLength);
    expect(checkModel(bytes).metadata.has(sealKey)).toBe(false);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(places, async ({ where, bit }) => {
        if ((await mapOf(flipped(bytes, Math.floor(where * bytes.length), bit))) instanceof UserError) refused++;
      }),
      { ...cases(500), seed: 3 },
    );
    expect(refused).toBeGreaterThan(100);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        expect(await mapOf(bytes.subarray(0, length))).toBeInstanceOf(UserError);
      }),
      { ...cases(500), seed: 4 },
    );
  });

  it('of several bits flipped, bytes exchanged or pieces moved is refused or runs (300)', async () => {
    const bytes = encode(intact());
    const piece = fc.record({
      from: fc.nat(bytes.length),
      to: fc.nat(bytes.length),
      length: fc.nat(40),
      byte: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 4 }), async (pieces) => {
        const copy = Uint8Array.from(bytes);
        for (const { from, to, length, byte } of pieces) {
          copy.copyWithin(to, from, from + length);
          copy[from % copy.length] = byte;
        }
        await mapOf(copy);
      }),
      { ...cases(300), seed: 5 },
    );
  });
});

describe('the checksum', () => {
  it('changes nothing but the metadata, and is the same for the same bytes', () => {
    const bytes = encode(intact());
    const file = sealed(bytes);
    expect(file.subarray(0, bytes.length)).toEqual(bytes);
    expect(sealed(bytes)).toEqual(file);
    const { metadata } = checkModel(file);
    expect(metadata.get(sealKey)).toMatch(/^[0-9a-f]{64}$/);
    expect(() => checkSeal(file, metadata, 'a')).not.toThrow();
  });

  it('has to be the last entry: one elsewhere says nothing of what follows it', () => {
    const bytes = sealed(encode(intact()));
    const more = Buffer.concat([bytes, encode({ producerVersion: '2' })]);
    expect(() => checkSeal(more, checkModel(more).metadata, 'a')).toThrow(/differs from its checksum/);
    const stated = crafted((m) => m.metadataProps.push({ key: sealKey, value: '0'.repeat(64) }));
    expect(() => checkSeal(stated, checkModel(stated).metadata, 'a')).toThrow(/differs from its checksum/);
    const tiny = encode({ irVersion: 8 });
    expect(() => checkSeal(tiny, new Map([[sealKey, '']]), 'a')).toThrow(/differs from its checksum/);
  });
});
