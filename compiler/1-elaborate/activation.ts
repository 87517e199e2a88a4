import type { RawValue } from './raw.js';
import type { Activation } from './recipe/index.js';
import type { Steps } from './steps.js';

/** What these make of probabilities are probabilities. */
const keeping: ReadonlySet<string> = new Set([
  'mean',
  'max',
  'upsample',
  'crop',
  'maxpool',
  'avgpool',
  'global_avgpool',
]);

/** The activation a head ends in, seen through averaging, resizing and cropping. */
export function activationOf(steps: Steps, head: RawValue): Activation {
  const found = new Set<Activation>();
  const seen = new Set([head]);
  for (const k of seen) {
    const step = steps.list[k];
    if (step?.kind !== 'apply') found.add('none');
    else if (step.op === 'sigmoid') found.add('sigmoid');
    else if (step.op === 'softmax' && step.attrs.axis === 1) found.add('softmax');
    else if (keeping.has(step.op)) for (const input of step.inputs) seen.add(input);
    else found.add('none');
  }
  const [only, other] = found;
  return only === undefined || other !== undefined ? 'none' : only;
}
