import { type Fix, replace, type Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { type Collector, diagnose } from '../diagnostics/index.js';
import type { RawApply, RawValue } from './raw.js';
import type { Steps } from './steps.js';

/** Operators that subtract each channel's mean, and so cancel a bias added before them. */
const centring: ReadonlySet<string> = new Set(['batchnorm', 'instancenorm']);

/**
 * Convolutions whose bias a norm cancels (Ioffe and Szegedy, 2015, section 3.2), unless the spec says `bias`: then it
 * is meant, to have the weights of a published network say. One warning for each place of the text.
 */
export function biasBeforeNorm(steps: Steps, alive: ReadonlySet<RawValue>, report: Collector): void {
  const readers = new Map<RawValue, RawApply[]>();
  for (const k of alive) {
    const step = steps.list[k];
    if (step?.kind !== 'apply') continue;
    for (const input of step.inputs) readers.set(input, [...(readers.get(input) ?? []), step]);
  }
  for (const [k, step] of steps.list.entries()) {
    if (step.kind !== 'apply' || !alive.has(k) || step.attrs.bias !== true || !step.biasUnsaid) continue;
    const norms = readers.get(k) ?? [];
    const [norm] = norms;
    if (norm === undefined || !norms.every((n) => centring.has(n.op))) continue;
    const { span } = step.origin;
    report.add(
      diagnose(say.biasBeforeNorm.bias({ op: step.op, norm: norm.op }), span, {
        hints: ['write bias: false, or bias: true if its weights are meant to be there'],
        related: [{ span: norm.origin.span, message: `${norm.op} subtracts the mean of each channel` }],
        fixes: [saying(span, 'bias: false'), saying(span, 'bias: true')],
      }),
    );
  }
}

/** Either changes what weights there are or says that they are meant: for the author to choose. */
function saying(span: Span, argument: string): Fix {
  const { line, column, offset } = span.end;
  const bracket = { line, column: column - 1, offset: offset - 1 };
  const file = span.file === undefined ? {} : { file: span.file };
  return replace({ ...file, start: bracket, end: bracket }, `, ${argument}`, false, `add ${argument}`);
}
