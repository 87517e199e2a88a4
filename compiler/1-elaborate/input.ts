import type { InputDecl } from '../../grammar/tree.js';
import type { Environment } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { describe, isPoisoned, poison, tensor, type Value } from './values.js';

const symbols = ['N', 'D', 'H', 'W'];

/**
 * `f32[N, channels, ...]` with one to three spatial dimensions, each a number or a symbol. Channels must be a number,
 * since the sizes of weights follow from it. Answers the input's tensor, or poison.
 */
export function elaborateInput(evaluator: Evaluator, decl: InputDecl, env: Environment): Value {
  const hints = [`write ${decl.name.text}: f32[N, 3, H, W]`];
  const refuse = (span: InputDecl['span'], message: string): Value =>
    evaluator.fail('input-shape', span, message, { hints });
  let ok = true;
  if (decl.dtype.text !== 'f32') {
    refuse(decl.dtype.span, `an input is of type f32, not ${decl.dtype.text}`);
    ok = false;
  }
  if (decl.dims.length < 3 || decl.dims.length > 5) {
    return refuse(
      decl.span,
      `an input has batch, channels and 1 to 3 spatial dimensions, and this one has ${decl.dims.length} in all`,
    );
  }
  const shape: (number | string)[] = [];
  for (const [k, dim] of decl.dims.entries()) {
    const channels = k === 1 && dim.kind === 'name' && dim.text === 'C' && env.lookup('C') === undefined;
    if (dim.kind === 'name' && (symbols.includes(dim.text) || channels)) {
      if (k === 1) refuse(dim.span, 'the number of channels must be known, since the sizes of weights follow from it');
      else if ((dim.text === 'N') !== (k === 0))
        refuse(dim.span, k === 0 ? 'the first dimension is the batch, N' : 'N is the batch, the first dimension');
      else {
        shape.push(dim.text);
        continue;
      }
      ok = false;
      continue;
    }
    const value = evaluator.expression(dim, env);
    if (isPoisoned(value)) ok = false;
    else {
      const n = evaluator.whole(value, dim.span, 'a dimension');
      if (n !== null && n >= 1) shape.push(n);
      else {
        if (n !== null)
          evaluator.fail('out-of-range', dim.span, `a dimension must be at least 1, and this is ${describe(value)}`);
        ok = false;
      }
    }
  }
  return ok ? tensor(evaluator.steps.addInput(decl.name.text, shape, decl.name.span)) : poison;
}
