import type { Message } from './wire.js';

/** Bits of an element, by TensorProto.DataType; text (8) is none that a network of images needs. */
const bits: Readonly<Record<number, number>> = {
  ...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16 },
  ...{ 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2 },
};

/** The typed field that a type's elements may stand in, and how many numbers an element takes there. */
function typedField(type: number): readonly [field: string, each: number] {
  if (type === 1) return ['float_data', 1];
  if (type === 14) return ['float_data', 2];
  if (type === 11) return ['double_data', 1];
  if (type === 15) return ['double_data', 2];
  if (type === 7) return ['int64_data', 1];
  if (type === 12 || type === 13) return ['uint64_data', 1];
  // Elements below a byte are packed: two, or four, to a number.
  return ['int32_data', bits[type] === 4 ? 1 / 2 : bits[type] === 2 ? 1 / 4 : 1];
}

const typedFields = ['float_data', 'int32_data', 'int64_data', 'double_data', 'uint64_data'] as const;

/** More than any engine holds in one tensor; a product that passes it is not formed. */
export const mostElements = 2 ** 31;

/** How many elements dimensions make; null if one is negative, or they are more than `mostElements`. */
export function elements(dims: readonly number[]): number | null {
  if (dims.some((d) => !Number.isSafeInteger(d) || d < 0)) return null;
  if (dims.includes(0)) return 0;
  let product = 1;
  for (const d of dims) {
    product *= d;
    if (product > mostElements) return null;
  }
  return product;
}

/** More axes than a tensor of images or weights has. */
export const mostAxes = 16;

/** What is wrong with a constant of a model file; null if its data are in the file, and as many as its dimensions say. */
export function mistakeOf(tensor: Message): { readonly external: boolean; readonly why: string } | null {
  const wrong = (why: string) => ({ external: false, why });
  if (tensor.has('external_data') || (tensor.int('data_location') ?? 0) !== 0)
    return { external: true, why: 'has its data outside the file' };
  if (tensor.has('segment')) return wrong('is a piece of a tensor');
  const type = tensor.int('data_type') ?? 0;
  const width = bits[type];
  if (width === undefined) return wrong(`has elements of type ${type}, which are no numbers`);
  const dims = tensor.numbers('dims');
  if (dims.count > mostAxes) return wrong(`has ${dims.count} axes`);
  const count = elements(dims.first);
  if (count === null) return wrong(`has the shape [${dims.first.join(', ')}]`);
  if (tensor.has('string_data')) return wrong('has text for data');
  const given = typedFields.filter((field) => tensor.numbers(field).count > 0);
  const raw = tensor.bytes('raw_data');
  if (raw) {
    if (given.length > 0) return wrong('has its data twice');
    const due = Math.ceil((count * width) / 8);
    return raw.bytes.length === due
      ? null
      : wrong(`has ${raw.bytes.length} bytes of data where its shape asks for ${due}`);
  }
  const [field, each] = typedField(type);
  if (given.some((other) => other !== field)) return wrong('has data of another type than its own');
  const found = tensor.numbers(field).count;
  const due = Math.ceil(count * each);
  return found === due ? null : wrong(`has ${found} numbers where its shape asks for ${due}`);
}

/** The elements of a small constant of whole numbers or floats; null if it is none. Of a tensor without a mistake. */
export function smallConstant(tensor: Message): readonly number[] | null {
  const type = tensor.int('data_type');
  const count = elements(tensor.numbers('dims').first) ?? Number.POSITIVE_INFINITY;
  if (count > 16) return null;
  const raw = tensor.bytes('raw_data')?.bytes;
  if (!raw) {
    const field = type === 7 ? 'int64_data' : type === 6 ? 'int32_data' : null;
    return field ? tensor.numbers(field).first : null;
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const list = (width: number, at: (offset: number) => number): number[] =>
    Array.from({ length: count }, (_, k) => at(k * width));
  if (type === 7) return list(8, (o) => Number(view.getBigInt64(o, true)));
  if (type === 6) return list(4, (o) => view.getInt32(o, true));
  if (type === 1) return list(4, (o) => view.getFloat32(o, true));
  return null;
}
