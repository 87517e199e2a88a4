import { product } from '../../shared.js';
import type { Lowering } from '../lowering.js';
import type { TfTensor } from '../node.js';

/** Sorted by TopKV2, counted by Cumsum, and put back by the order's own order. Sums of 0 and 1 are exact up to 2^24. */
export const lovaszWeights: Lowering = (to) => {
  const { b } = to;
  const value = to.value(0);
  const shape = value.type.shape.map((d) => d.offset);
  const [n = 1, k = 1, ...space] = shape;
  const plain = shape.map((_, axis) => axis);
  const rows = (t: TfTensor): TfTensor => b.reshape(to.relayout(t, to.order(value), plain), [n * k, product(space)]);
  const descending = (t: TfTensor): TfTensor =>
    b.split('TopKV2', [t, b.int(product(space))], { T: { type: t.type } }, [t.type, 'int32'])[1] as TfTensor;
  const gathered = (t: TfTensor, at: TfTensor): TfTensor => {
    const types = { Tparams: { type: t.type }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } } as const;
    return b.split('GatherV2', [t, at, b.int(1)], { ...types, batch_dims: { int: 1 } }, [t.type])[0] as TfTensor;
  };
  const sofar = (t: TfTensor): TfTensor => b.op('Cumsum', [t, b.int(1)], { Tidx: { type: 'int32' } });

  const order = descending(rows(to.input(0)));
  const truth = gathered(rows(to.input(1)), order);
  const lies = b.op('Sub', [b.float(1), truth]);
  const all = b.op('Sum', [truth, b.ints([1])], { Tidx: { type: 'int32' }, keep_dims: { bool: true } });
  const left = b.op('Sub', [all, sofar(truth)]);
  const union = b.op('AddV2', [all, sofar(lies)]);
  const others = b.op('Sub', [union, b.float(1)]);
  const alone = b.cast(
    b.split('Less', [others, b.float(0.5)], { T: { type: 'float' } }, ['bool'])[0] as TfTensor,
    'float',
  );
  const wrong = b.op('RealDiv', [
    b.op('AddV2', [left, alone]),
    b.op('Mul', [union, b.op('Maximum', [others, b.float(1)])]),
  ]);
  const weights = b.op('AddV2', [b.op('RealDiv', [truth, union]), b.op('Mul', [lies, wrong])]);
  // Where each element went: the order that sorts the order, ascending.
  const back = gathered(weights, descending(b.op('Neg', [order])));
  return to.relayout(b.reshape(back, shape), plain, to.order(value));
};
