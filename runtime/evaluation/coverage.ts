import type { AbsentRule } from './metrics/overlap.js';
import type { Quality } from './scores.js';

const rules: Readonly<Record<AbsentRule, string>> = {
  'leave-out': 'a class that an image neither has nor is said to have is left out of its mean',
  'leave-out-truth': 'a class that an image does not have is left out of its mean, even if it was predicted',
  one: 'a class that an image neither has nor is said to have counts 1',
  zero: 'a class that an image neither has nor is said to have counts 0',
};

/** What a row's means cover, in words; empty for a single class. */
export function coverage({ classes, absentClasses = [], absent }: Quality): string {
  if (!classes) return '';
  const background = classes.find((c) => c.background)?.name;
  const among = background === undefined ? '' : `, the background (${background}) among them`;
  const nowhere =
    absentClasses.length > 0
      ? `; without ${absentClasses.join(', ')}, which ${absentClasses.length === 1 ? 'occurs' : 'occur'} nowhere`
      : '';
  return `Means are over ${classes.length} ${classes.length === 1 ? 'class' : 'classes'}${among}${nowhere}; ${rules[absent]}.`;
}
