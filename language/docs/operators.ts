import { type OpName, opOf } from '../../compiler/ops/index.js';
import type { ArgSpec } from '../../compiler/ops/op.js';

/** What an operator takes beside its tensors. */
export const argsOf = (op: OpName): readonly ArgSpec[] => opOf(op).language?.args ?? [];

/** The tensors of an operator, as its signature names them. */
export function tensorsOf(op: OpName): readonly string[] {
  const tensors = opOf(op).language?.tensors;
  return tensors === 'many' ? ['a, b, ...'] : tensors === 'pair' ? ['a', 'b'] : ['x'];
}

/** `kernel = 3` */
export const argLabel = (arg: ArgSpec): string =>
  arg.default === undefined ? arg.name : `${arg.name} = ${arg.default}`;

/** `conv(x, channels, kernel = 3, ...)` */
export const signatureOf = (op: OpName): string =>
  `${op}(${[...tensorsOf(op), ...argsOf(op).map(argLabel)].join(', ')})`;

export function typeOf({ type, least }: ArgSpec): string {
  const bound = least === undefined ? '' : `, at least ${least}`;
  if (typeof type === 'object') return type.oneOf.join(' or ');
  switch (type) {
    case 'int':
      return `a whole number${bound}`;
    case 'float':
      return `a number${bound}`;
    case 'bool':
      return 'true or false';
    case 'ints':
      return `a whole number, or a list with one for each dimension${bound}`;
    case 'padding':
      return 'same, valid, a whole number or a list';
  }
}

/** Words that an argument can be. */
export function choicesOf({ type }: ArgSpec): readonly string[] {
  if (typeof type === 'object') return type.oneOf;
  return type === 'bool' ? ['true', 'false'] : type === 'padding' ? ['same', 'valid'] : [];
}
