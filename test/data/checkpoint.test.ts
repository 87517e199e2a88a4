import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Arena } from '../../compiler/3-transform/training-plan.js';
import type { Tensor, TrainingState } from '../../runtime/engines/engine.js';
import {
  assertFinite,
  type CheckpointMeta,
  type Layout,
  loadCheckpoint,
  saveCheckpoint,
  saveWeights,
  stateOf,
  stateOfWeights,
  weightsOf,
  weightsOfState,
} from '../../runtime/run/checkpoint.js';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from '../../runtime/run/safetensors.js';
import { cases } from '../cases.js';
import { failure, inFolder } from './fixtures.js';

const encode = (file: SafetensorsFile): Buffer => Buffer.concat([...encodeSafetensors(file)]);

const tensor: fc.Arbitrary<Tensor> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ data, shape }));
});
const file: fc.Arbitrary<SafetensorsFile> = fc.record({
  tensors: fc
    .dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
      tensor,
      { maxKeys: 5 },
    )
    .map((entries) => new Map(Object.entries(entries))),
  metadata: fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.string(),
    { maxKeys: 4, noNullPrototype: true },
  ),
});

/** A file with a header of one's own. */
function withHeader(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([head, json, data]);
}

describe('safetensors', () => {
  test('comes back as it was written, to the last bit, and the same content gives the same bytes', () => {
    fc.assert(
      fc.property(file, (content) => {
        const bytes = encode(content);
        const back = decodeSafetensors(bytes, 'f');
        expect(back.metadata).toEqual(content.metadata);
        expect([...back.tensors.keys()].sort()).toEqual([...content.tensors.keys()].sort());
        for (const [name, { data, shape }] of content.tensors) {
          expect(back.tensors.get(name)?.shape).toEqual(shape);
          expect(back.tensors.get(name)?.data).toEqual(data);
        }
        const turned = new Map([...content.tensors].reverse());
        expect(encode({ tensors: turned, metadata: content.metadata })).toEqual(bytes);
        expect(Number(bytes.readBigUInt64LE(0)) % 8).toBe(0);
      }),
    );
  });

  test('reads at any offset of the memory it lies in, as a Buffer and as plain bytes; without a copy where it is aligned', () => {
    const bytes = encode({ tensors: new Map([['a', { data: Float32Array.of(1, 2, 3), shape: [3] }]]), metadata: {} });
    for (let offset = 0; offset < 9; offset++) {
      const memory = new ArrayBuffer(bytes.length + 16);
      const plain = new Uint8Array(memory, offset, bytes.length);
      plain.set(bytes);
      for (const view of [plain, Buffer.from(memory, offset, bytes.length)]) {
        const { tensors } = decodeSafetensors(view, 'f');
        expect([...tensors.get('a')!.data]).toEqual([1, 2, 3]);
        expect(tensors.get('a')!.data.buffer === memory).toBe(offset % 4 === 0);
      }
    }
  });

  test('cut off at any length, or with anything behind it, it is an error', async () => {
    const bytes = encode({
      tensors: new Map([
        ['a', { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }],
        ['b', { data: Float32Array.of(5), shape: [] }],
      ]),
      metadata: { k: 'v' },
    });
    for (let length = 0; length < bytes.length; length++) {
      expect((await failure(() => decodeSafetensors(bytes.subarray(0, length), 'f'))).code).toBe('weights-corrupt');
    }
    expect((await failure(() => decodeSafetensors(Buffer.concat([bytes, Buffer.of(0)]), 'f'))).code).toBe(
      'weights-corrupt',
    );
  });

  test('any bytes, and any byte of a good file changed, give a file or a UserError', () => {
    const good = encode({
      tensors: new Map([['a', { data: Float32Array.of(1, 2), shape: [2] }]]),
      metadata: { k: 'v' },
    });
    const attempt = (bytes: Uint8Array): void => {
      try {
        decodeSafetensors(bytes, 'f');
      } catch (error) {
        expect(error).toHaveProperty('name', 'UserError');
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), attempt));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(good);
        changed[at] = value;
        attempt(changed);
      }),
      cases(500),
    );
  });

  const entry = (over: object = {}): object => ({ dtype: 'F32', shape: [1], data_offsets: [0, 4], ...over });
  test.each<[string, unknown, number, RegExp]>([
    ['a header that is no JSON', '{"a":', 0, /not JSON/],
    ['a header that is a list', [], 0, /not a JSON object/],
    ['a hole before a tensor', { a: entry({ data_offsets: [4, 8] }) }, 8, /does not begin where/],
    ['two tensors in one place', { a: entry(), b: entry() }, 4, /does not begin where/],
    ['a tensor beyond the end', { a: entry({ data_offsets: [0, 400], shape: [100] }) }, 4, /a is cut off/],
    ['a negative offset', { a: entry({ data_offsets: [-4, 0] }) }, 4, /nothing usable of a/],
    ['offsets that run backwards', { a: entry({ data_offsets: [4, 0] }) }, 4, /nothing usable of a/],
    ['a negative size', { a: entry({ shape: [-1, -1] }) }, 4, /nothing usable of a/],
    ['a fractional size', { a: entry({ shape: [0.5, 2] }) }, 4, /nothing usable of a/],
    ['a shape of another length', { a: entry({ shape: [2] }) }, 4, /another length than its shape/],
    ['a size beyond all memory', { a: entry({ shape: [2 ** 40, 2 ** 40] }) }, 4, /another length than its shape/],
    ['an entry that is no object', { a: 3 }, 4, /nothing usable of a/],
    ['metadata that is not text', { __metadata__: { k: 1 } }, 0, /"k" is not text/],
    ['a type that is no float', { a: entry({ dtype: 'I64', shape: [1], data_offsets: [0, 8] }) }, 8, /a has type I64/],
  ])('%s', async (_, header, length, says) => {
    expect((await failure(() => decodeSafetensors(withHeader(header, new Uint8Array(length)), 'f'))).message).toMatch(
      says,
    );
  });

  test('reads the float types that other programs write', () => {
    // F64: pi. F16: 1.5, -2, the smallest subnormal, the largest finite, infinity, 0. BF16: 1, -2.
    const pi = Buffer.from(Float64Array.of(Math.PI).buffer);
    const halves = Buffer.from(Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0).buffer);
    const brain = Buffer.from(Uint16Array.of(0x3f80, 0xc000).buffer);
    const header = {
      d: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
      h: { dtype: 'F16', shape: [6], data_offsets: [8, 20] },
      b: { dtype: 'BF16', shape: [2], data_offsets: [20, 24] },
    };
    const { tensors } = decodeSafetensors(withHeader(header, Buffer.concat([pi, halves, brain])), 'f');
    expect([...tensors.get('d')!.data]).toEqual([Math.fround(Math.PI)]);
    expect([...tensors.get('h')!.data]).toEqual([1.5, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY, 0]);
    expect([...tensors.get('b')!.data]).toEqual([1, -2]);
  });
});

const init = { kind: 'constant', value: 0 } as const;
const arenaOf = (slots: readonly (readonly [path: string, shape: readonly number[]])[]): Arena => {
  let offset = 0;
  const placed = slots.map(([path, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const slot = { path, offset, length, shape, init };
    // A gap, as an aligned arena may have.
    offset += length + 2;
    return slot;
  });
  return { length: offset, slots: placed };
};
const layout: Layout = {
  parameters: arenaOf([
    ['X[0,0].conv1.weight', [2, 1, 3, 3]],
    ['X[0,0].conv1.bias', [2]],
  ]),
  statistics: arenaOf([['X[0,0].bn1.running_mean', [2]]]),
  slots: ['m', 'v'],
};
const stateWith = (value: (i: number) => number): TrainingState => {
  const fill = (arena: Arena, shift: number): Float32Array => {
    const data = new Float32Array(arena.length);
    for (const { offset, length } of arena.slots)
      for (let i = 0; i < length; i++) data[offset + i] = value(shift + offset + i);
    return data;
  };
  const slots = { m: fill(layout.parameters, 200), v: fill(layout.parameters, 300) };
  return { parameters: fill(layout.parameters, 0), statistics: fill(layout.statistics, 100), slots };
};
const meta: CheckpointMeta = {
  spec: 'abc',
  options: { set: { width: [1, 2] } },
  epoch: 3,
  step: 42,
  seed: -7,
  notes: { best: '0.83' },
};

describe('checkpoint', () => {
  test('a run goes on exactly where it was', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'last.safetensors');
      const state = stateWith((i) => Math.fround(Math.sin(i)));
      await saveCheckpoint(path, { layout, state, meta });
      const loaded = await loadCheckpoint(path);
      expect(loaded.meta).toEqual(meta);
      expect(stateOf(loaded, layout)).toEqual(state);
      expect([...weightsOf(loaded).keys()].sort()).toEqual([...weightsOfState(layout, state).keys()].sort());
      const fresh = stateOfWeights(loaded, layout);
      expect(fresh.parameters).toEqual(state.parameters);
      expect(fresh.slots.m).toEqual(new Float32Array(layout.parameters.length));
    });
  });

  test('weights alone have no run to go on with', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'w.safetensors');
      const state = stateWith((i) => i);
      await saveWeights(path, weightsOfState(layout, state), { note: 'x' });
      const loaded = await loadCheckpoint(path);
      expect(loaded.meta).toBeUndefined();
      expect(stateOfWeights(loaded, layout).statistics).toEqual(state.statistics);
      expect((await failure(() => stateOf(loaded, layout))).message).toContain('optimizer.m/X[0,0].conv1.weight');
    });
  });

  test('of another spec it names the first path that does not fit, with both shapes', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'last.safetensors');
      await saveCheckpoint(path, { layout, state: stateWith((i) => i), meta });
      const loaded = await loadCheckpoint(path);
      const wider = { ...layout, parameters: arenaOf([['X[0,0].conv1.weight', [4, 1, 3, 3]]]) };
      const shape = await failure(() => stateOf(loaded, wider));
      expect(shape.message).toContain('X[0,0].conv1.weight is [2, 1, 3, 3], but this network needs [4, 1, 3, 3]');
      const deeper = { ...layout, parameters: arenaOf([['X[1,0].conv1.weight', [2, 2]]]) };
      const missing = await failure(() => stateOf(loaded, deeper));
      expect(missing.message).toContain('has no X[1,0].conv1.weight [2, 2]');
      expect(missing.hint).toMatch(/spec/);
      // The same number of elements is not the same shape.
      const turned = { ...layout, parameters: arenaOf([['X[0,0].conv1.weight', [1, 2, 3, 3]]]) };
      expect((await failure(() => stateOf(loaded, turned))).code).toBe('weights-shape');
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    '%d is neither written nor read, and its path is named',
    async (value) => {
      await inFolder(async (folder) => {
        const path = join(folder, 'last.safetensors');
        await saveCheckpoint(path, { layout, state: stateWith((i) => i), meta });
        const before = await readFile(path);
        const state = stateWith((i) => (i === 21 ? value : i));
        const saving = await failure(saveCheckpoint(path, { layout, state, meta }));
        expect(saving.message).toContain(`X[0,0].conv1.bias holds ${value} (element 1 of 2)`);
        expect(await readFile(path)).toEqual(before);
        const bad = new Map([['w', { data: Float32Array.of(0, value), shape: [2] }]]);
        await writeFile(path, encode({ tensors: bad, metadata: {} }));
        expect((await failure(loadCheckpoint(path))).code).toBe('weights-not-finite');
        expect((await failure(() => assertFinite(bad, 'f'))).message).toContain('w holds');
      });
    },
  );

  test('a missing file, a folder, and metadata that makes no sense', async () => {
    await inFolder(async (folder) => {
      expect((await failure(loadCheckpoint(join(folder, 'none')))).message).toMatch(
        /can't read .*none: there is no such file/,
      );
      expect((await failure(loadCheckpoint(folder))).message).toContain('it is a folder');
      const good = { format: 'unetc-checkpoint-1', spec: 'a', options: '{}', epoch: '1', step: '1', seed: '0' };
      const path = join(folder, 'c');
      for (const [key, value] of [
        ['epoch', '-1'],
        ['step', '1.5'],
        ['seed', 'x'],
        ['options', '['],
      ] as const) {
        await writeFile(path, encode({ tensors: new Map(), metadata: { ...good, [key]: value } }));
        expect((await failure(loadCheckpoint(path))).message).toContain(`"${key}"`);
      }
    });
  });
});
