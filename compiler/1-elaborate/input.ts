import type { Said } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { InputDecl } from '../../grammar/tree.js';
import type { Environment } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { limits } from './limits.js';
import { describe, isPoisoned, poison, tensor, type Value } from './values.js';

const symbols = ['N', 'D', 'H', 'W'];

/**
 * `f32[N, channels, ...]` with one to three spatial dimensions, each a number or a symbol. Channels must be a number,
 * since the sizes of weights follow from it. Returns the input's tensor, or poison.
 */
export function elaborateInput(evaluator: Evaluator, decl: InputDecl, env: Environment): Value {
  const hints = [`write ${decl.name.text}: f32[N, 3, H, W]`];
  const refuse = (said: Said<'input-shape'>, span: InputDecl['span']): Value => evaluator.fail(said, span, { hints });
  let ok = true;
  if (decl.dtype.text !== 'f32') {
    refuse(say.inputShape.dtype({ dtype: decl.dtype.text }), decl.dtype.span);
    ok = false;
  }
  if (decl.dims.length < 3 || decl.dims.length > 5) {
    return refuse(say.inputShape.rank({ count: decl.dims.length }), decl.span);
  }
  const shape: (number | string)[] = [];
  for (const [k, dim] of decl.dims.entries()) {
    const channels = k === 1 && dim.kind === 'name' && dim.text === 'C' && env.lookup('C') === undefined;
    if (dim.kind === 'name' && (symbols.includes(dim.text) || channels)) {
      if (k === 1) refuse(say.inputShape.channels(), dim.span);
      else if ((dim.text === 'N') !== (k === 0))
        refuse(k === 0 ? say.inputShape.batch() : say.inputShape.elsewhere(), dim.span);
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
      if (n !== null && n >= 1 && n <= limits.dimension) shape.push(n);
      else if (n !== null && n > limits.dimension) {
        const bounds = `at most ${limits.dimension}`;
        evaluator.fail(say.outOfRange.bounds({ what: 'a dimension', bounds, found: describe(value) }), dim.span);
        ok = false;
      } else {
        if (n !== null) evaluator.fail(say.outOfRange.dimension({ found: describe(value) }), dim.span);
        ok = false;
      }
    }
  }
  return ok ? tensor(evaluator.steps.addInput(decl.name.text, shape, decl.name.span)) : poison;
}
