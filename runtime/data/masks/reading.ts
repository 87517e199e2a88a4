import type { MaskOrientation, MaskRule, MaskSetting } from '../../../compiler/recipe.js';

/** How the masks of a data set are read: everything about it that a run and a model file keep. */
export interface MaskReading {
  readonly rule: MaskRule;
  /** The number of pixels that are left out of losses and measures. */
  readonly ignore?: number;
  /** Where image and mask differ in their EXIF orientation. */
  readonly orientation?: MaskOrientation;
  /** The rule was stated, and not found by looking: other data are read by it too. */
  readonly stated?: boolean;
}

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
