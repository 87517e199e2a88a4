import { say } from '../../grammar/say.js';
import { type Dim, printDim } from '../ir/dim.js';
import type { TensorType } from '../ir/graph.js';
import type { OwnedParam, Refusal } from '../ops/op.js';

/**
 * The numbers in a dimension, `(scale * H + offset) / divisor`. No engine takes an image with a side of this length; arithmetic on
 * dimensions stays exact far below 2^53.
 */
const largestSize = 1 << 24;
/** Elements of one parameter: 2 GiB of float32, what a protobuf message can hold. */
const largestParameter = 2 ** 29;

const tooLarge = ({ scale, offset, divisor }: Dim): boolean =>
  !(Math.max(Math.abs(scale), Math.abs(offset), divisor) <= largestSize);

/** What an operator makes that no engine could take: a dimension out of bounds, or a parameter. */
export function beyondBounds(
  op: string,
  outputs: readonly TensorType[],
  parameters: readonly OwnedParam[],
): Refusal | null {
  const dim = outputs.flatMap((type) => type.shape).find(tooLarge);
  if (dim) {
    const said = say.sizeTooLarge.size({ op, dimension: printDim(dim), limit: largestSize });
    return { ...said, hints: ['use smaller strides, scales or amounts'] };
  }
  const heavy = parameters.find((p) => !(elements(p) <= largestParameter));
  if (heavy === undefined) return null;
  const said = say.sizeTooLarge.parameter({ op, name: heavy.name, count: elements(heavy), limit: largestParameter });
  return { ...said, hints: ['use a smaller kernel or fewer channels'] };
}

const elements = ({ shape }: OwnedParam): number => shape.reduce((a, b) => a * b, 1);
