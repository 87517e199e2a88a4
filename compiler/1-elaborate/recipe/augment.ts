import { say } from '../../../grammar/say.js';
import type { Expr } from '../../../grammar/tree.js';
import { suggest } from '../../diagnostics/index.js';
import type { Knob } from '../../knob.js';
import { type Augmentation, type AugmentationName, augmentationNames } from '../../recipe.js';
import { type Reader, wordOf } from './reader.js';

const amount = (value: number, bounds: { most?: number; below?: number }): readonly Knob[] => [
  { name: 'amount', default: value, above: 0, ...bounds },
];

/** Amounts as `Augmentation` describes them; flip and rotate90 have none, which is written 0. */
export const augmentationKnobs: Readonly<Record<AugmentationName, readonly Knob[]>> = {
  flip: [],
  rotate90: [],
  rotate: amount(15, { most: 180 }),
  scale: amount(0.2, { below: 1 }),
  brightness: amount(0.1, { most: 1 }),
  contrast: amount(0.2, { below: 1 }),
  noise: amount(0.05, { most: 1 }),
  elastic: amount(4, {}),
};

/** `[flip, rotate90, brightness(0.1)]`, or one of them alone. An entry that is wrong is reported and left out. */
export function readAugmentations(expr: Expr, reader: Reader): Augmentation[] | undefined {
  if (expr.kind === 'missing') return undefined;
  const out: Augmentation[] = [];
  for (const item of expr.kind === 'list' ? expr.items : [expr]) {
    if (item.kind === 'missing') continue;
    const word = wordOf(item);
    const name = augmentationNames.find((n) => n === word?.name.text);
    if (word === undefined || name === undefined) {
      const { hints: near, fixes } = word
        ? suggest(word.name.text, augmentationNames, word.name.span)
        : { hints: [], fixes: [] };
      reader.fail(
        word ? say.unknownAugmentation.word({ name: word.name.text }) : say.unknownAugmentation.none(),
        word?.name.span ?? item.span,
        {
          hints: near.length > 0 ? near : [`known here: ${augmentationNames.join(', ')}`],
          fixes,
        },
      );
      continue;
    }
    if (out.some((a) => a.name === name)) {
      reader.fail(say.repeatedSetting.setting({ name }), word.name.span, { hints: ['remove one'] });
      continue;
    }
    const values = reader.knobs(word, augmentationKnobs[name]);
    if (values !== undefined) out.push({ name, amount: typeof values.amount === 'number' ? values.amount : 0 });
  }
  return out;
}
