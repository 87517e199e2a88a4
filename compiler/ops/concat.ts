import { say } from '../../grammar/say.js';
import { isNumber, known, plus, printShape, type Shape, sameDim } from '../ir/dim.js';
import { numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { oddOneOut, ordinal, refuse, resizeHints } from './refusal.js';

/** Joins along channels; passes may set another `axis`. */
export const concat: Op = {
  doc: 'Joins tensors along their channels, in the order given.',
  language: { tensors: 'many', args: [] },
  infer(attrs, inputs) {
    const axis = numberAttr(attrs, 'axis', 1);
    const shapes = inputs.map((t) => t.shape);
    if (shapes.length === 0) return refuse(say.noInputs.list({ op: 'concat' }), ['give it at least one tensor']);
    const fits = (a: Shape, b: Shape): boolean =>
      a.length === b.length && a.every((d, i) => i === axis || sameDim(d, b[i]!));
    const clash = oddOneOut(shapes, fits);
    if (clash !== null) {
      const which = `the ${ordinal(clash.odd)} input`;
      const a = shapes[clash.odd]!;
      const b = shapes[clash.against]!;
      const [shape, against] = [printShape(a), printShape(b)];
      const said = say.spatialMismatch.concat({ which, shape, other: ordinal(clash.against), against });
      return refuse(said, resizeHints(a, b, which), clash.odd);
    }
    const open = shapes.findIndex((s) => s[axis] === undefined || (shapes.length > 1 && !isNumber(s[axis]!)));
    if (open >= 0) {
      const said = say.shapeMismatch.concat({ which: ordinal(open), shape: printShape(shapes[open]!) });
      return refuse(said, [], open);
    }
    const [first, ...rest] = shapes;
    const joined = rest.reduce((sum, s) => plus(sum, known(s[axis]!)), first![axis]!);
    return { outputs: [{ dtype: inputs[0]!.dtype, shape: first!.map((d, i) => (i === axis ? joined : d)) }] };
  },
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0];
    const axis = numberAttr(attrs, 'axis', 1);
    if (inputs.length === 1) return [(needed[0] && dy) || null];
    if (dy && needed.every(Boolean)) {
      return build.emitAll('split', [dy], { axis, lengths: inputs.map((x) => known(x.type.shape[axis]!)) });
    }
    let start = 0;
    return inputs.map((x, k) => {
      const length = known(x.type.shape[axis]!);
      const from = start;
      start += length;
      return dy && needed[k] ? build.emit('slice', [dy], { axis, start: from, length }) : null;
    });
  },
};
