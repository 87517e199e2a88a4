import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import { sealKey } from '../../runtime/models/seal.js';
import { duplicateKey } from '../../runtime/run/duplicate-keys.js';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from '../../runtime/run/safetensors.js';
import { cases } from '../cases.js';

const random = stream(3, 'weights');
const content: SafetensorsFile = {
  tensors: new Map(
    ['a', 'X[0,1].conv1.weight', 'optimizer.m/a', 'empty'].map((name, k) => {
      const shape = k === 3 ? [0, 4] : [4, 3, k + 1];
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => random.uniform(-1, 1)) }];
    }),
  ),
  metadata: { format: 'unetc-checkpoint-1', epoch: '3', odd: `"${sealKey}":"${'0'.repeat(64)}"` },
};
const whole = Buffer.concat([...encodeSafetensors(content)]);

function withHeader(json: string, data = 0): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([head, Buffer.from(json), Buffer.alloc(data)]);
}

function decoded(bytes: Uint8Array): SafetensorsFile | UserError {
  try {
    return decodeSafetensors(bytes, 'f');
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

describe('a file of weights of ours', () => {
  it('is its own content, without the checksum', () => {
    expect(decodeSafetensors(whole, 'f')).toEqual(content);
    expect(whole.includes(`"${sealKey}":"`)).toBe(true);
  });

  it('with one bit flipped is refused, or holds the same weights (1,000 of them)', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
        const copy = Buffer.from(whole);
        copy[at] = copy[at]! ^ (1 << bit);
        const found = decoded(copy);
        if (found instanceof UserError) refused++;
        else expect(found.tensors).toEqual(content.tensors);
      }),
      { ...cases(1000), seed: 7 },
    );
    expect(refused).toBeGreaterThan(900);
  });

  it('with any byte of its data changed, exchanged or zeroed is refused', () => {
    const start = 8 + Number(whole.readBigUInt64LE(0));
    const places = fc.integer({ min: start, max: whole.length - 1 });
    fc.assert(
      fc.property(places, places, fc.integer({ min: 1, max: 255 }), (a, b, change) => {
        const changed = Buffer.from(whole);
        changed[a] = changed[a]! ^ change;
        expect(decoded(changed)).toMatchObject({ code: 'weights-corrupt' });
        const exchanged = Buffer.from(whole);
        [exchanged[a], exchanged[b]] = [exchanged[b]!, exchanged[a]!];
        if (!exchanged.equals(whole)) expect(decoded(exchanged)).toMatchObject({ code: 'weights-corrupt' });
      }),
      { ...cases(500), seed: 8 },
    );
  });

  it('cut off at any length is refused', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(decoded(whole.subarray(0, length))).toMatchObject({ code: 'weights-corrupt' });
    }
  });

  it('of another program, without a checksum, still opens; with a false one it does not', () => {
    const entry = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    expect(decoded(withHeader(`{${entry}}`, 4))).toMatchObject({ metadata: {} });
    for (const stated of ['', '0'.repeat(64), 'g'.repeat(64), '0'.repeat(65)]) {
      const file = withHeader(`{"__metadata__":{"${sealKey}":"${stated}"},${entry}}`, 4);
      expect(decoded(file)).toMatchObject({ message: expect.stringContaining('differs from its checksum') });
    }
    // Where another key of the header is spelt as the checksum's is, with an escape.
    const escaped = `{"__metadata__":{"unetc.sha25\\u0036":"${'0'.repeat(64)}"},${entry}}`;
    expect(decoded(withHeader(escaped, 4))).toMatchObject({ code: 'weights-corrupt' });
  });
});

describe('a crafted file of weights', () => {
  const entry = (begin: number, end: number, shape: readonly unknown[] = [(end - begin) / 4], dtype = 'F32'): string =>
    `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`;

  it('of 20,000 entries over the same 4 MB takes no memory before it is refused', () => {
    const size = 4 * 1024 * 1024;
    const entries = Array.from({ length: 20_000 }, (_, k) => `"t${k}":${entry(0, size)}`);
    const file = withHeader(`{${entries.join(',')}}`, size);
    const before = process.memoryUsage().arrayBuffers;
    expect(decoded(file)).toMatchObject({ message: expect.stringContaining('does not begin where') });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * file.length);
  });

  it('of 1,000 entries that overlap by one element is refused', () => {
    const entries = Array.from({ length: 1000 }, (_, k) => `"t${k}":${entry(k * 4, k * 4 + 8)}`);
    expect(decoded(withHeader(`{${entries.join(',')}}`, 4004))).toMatchObject({ code: 'weights-corrupt' });
  });

  const kinds: Readonly<Record<string, readonly [json: string, data: number, says: string]>> = {
    'a tensor twice': [`{"a":${entry(0, 4)},"a":${entry(4, 8)}}`, 8, 'has a twice'],
    'a tensor twice, once with an escape': [`{"a":${entry(0, 4)},"\\u0061":${entry(4, 8)}}`, 8, 'has a twice'],
    'its metadata twice': ['{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}}', 0, 'has __metadata__ twice'],
    'a key of its metadata twice': ['{"__metadata__":{"a":"1","a":"2"}}', 0, 'has a twice'],
    'a field of an entry twice': [
      '{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}}',
      8,
      'has dtype twice',
    ],
    'an infinite size': ['{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4, 'nothing usable of a'],
    'a size that is no integer of 53 bits': [
      '{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}',
      4,
      'nothing usable of a',
    ],
    'sizes whose product is no number': [`{"a":${entry(0, 0, [...Array(30).fill(1e15), 0])}}`, 0, 'another length'],
    '33 axes': [`{"a":${entry(0, 4, Array(33).fill(1))}}`, 4, 'nothing usable of a'],
    'three offsets': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4, 'nothing usable of a'],
    'offsets in text': ['{"a":{"dtype":"F32","shape":[1],"data_offsets":["0","4"]}}', 4, 'nothing usable of a'],
    'a gap': [`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12, 'b does not begin where'],
    'an overlap': [`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12, 'b does not begin where'],
    'one tensor in another': [`{"a":${entry(0, 12)},"b":${entry(4, 8)}}`, 12, 'b does not begin where'],
    'data behind the last tensor': [`{"a":${entry(0, 4)}}`, 8, 'longer than its header says'],
    'a type named as what objects have': [`{"a":${entry(0, 4, [1], 'constructor')}}`, 4, 'has type constructor'],
    'a name that a terminal acts on': [`{"\\u001b[2Ja\\u202e":${entry(4, 8)}}`, 8, '?[2Ja? does not begin'],
    'a mark of byte order': ['\ufeff{}', 0, 'not JSON'],
    'ten thousand lists in lists': [`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 0, 'nothing usable of a'],
    'a list that does not end': ['['.repeat(100_000), 0, 'not JSON'],
  };
  it.each(Object.entries(kinds))('with %s is refused in those words', (_, [json, data, says]) => {
    expect(decoded(withHeader(json, data))).toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(says),
    });
  });

  it('that says its header is longer than any is refused', () => {
    const head = Buffer.alloc(16);
    for (const length of [1n << 63n, 1n << 32n, 100_000_000n, 40_000_000n, 9n]) {
      head.writeBigUInt64LE(length);
      expect(decoded(head)).toMatchObject({ code: 'weights-corrupt' });
    }
  });

  it('named as what objects inherit keeps its tensors', () => {
    const found = decoded(withHeader(`{"__proto__":${entry(0, 4)},"constructor":${entry(4, 8)}}`, 8));
    expect([...(found as SafetensorsFile).tensors.keys()].sort()).toEqual(['__proto__', 'constructor']);
  });

  it('of any header over any data is read or refused (500)', () => {
    const size = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0.5, 2 ** 53, null, '4'));
    const any = fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'BF16', 'F64', 'I8', 3),
        shape: fc.array(size, { maxLength: 3 }),
        data_offsets: fc.array(size, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(fc.string(), fc.oneof(any, fc.jsonValue()), { maxKeys: 4 });
    fc.assert(
      fc.property(header, fc.nat(64), (h, data) => void decoded(withHeader(JSON.stringify(h), data))),
      { ...cases(500), seed: 9 },
    );
  });
});

describe('keys that are there twice', () => {
  it('are none in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (value, space) => {
        expect(duplicateKey(JSON.stringify(value, null, space))).toBe(null);
      }),
      cases(500),
    );
  });

  it('are found at any depth, however they are spelt', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.nat(5), (key, value, depth) => {
        const spelt = `"${Array.from({ length: key.length }, (_, k) => `\\u${key.charCodeAt(k).toString(16).padStart(4, '0')}`).join('')}"`;
        const object = `{${JSON.stringify(key)} :${JSON.stringify(value)},${JSON.stringify(`other ${key}`)}:0,${spelt}\n: 1}`;
        expect(duplicateKey(`${'[{"in":'.repeat(depth)}${object}${'}]'.repeat(depth)}`)).toBe(key);
      }),
      cases(500),
    );
  });
});
