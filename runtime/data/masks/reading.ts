import type { MaskSetting } from '../../../compiler/recipe.js';

export type { MaskReading } from '../../../compiler/recipe.js';

/** As a recipe writes it: `threshold(128)`. */
export function ruleText(rule: MaskSetting): string {
  const list = (classes: readonly (readonly (number | string)[])[]): string => {
    const item = (value: number | string): string => (typeof value === 'string' ? `"${value}"` : String(value));
    const items = classes.map((c) => (c.length === 1 ? item(c[0]!) : `[${c.map(item).join(', ')}]`));
    return `[${items.join(', ')}]`;
  };
  switch (rule.kind) {
    case 'nonzero':
      return rule.invert ? 'nonzero(invert: true)' : 'nonzero';
    case 'threshold':
    case 'alpha':
      return `${rule.kind}(${rule.least}${rule.invert ? ', invert: true' : ''})`;
    case 'values':
    case 'entries':
      return rule.classes ? `${rule.kind}(${list(rule.classes)})` : rule.kind;
    case 'colors':
      return `colors(${list(rule.classes)})`;
    case 'invert':
      return 'invert';
  }
}
