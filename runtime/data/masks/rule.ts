import { UserError } from '../../../compiler/user-error.js';
import { leftOut } from '../target.js';
import { type MaskReading, ruleText } from './reading.js';
import { colorAt, type StoredMask } from './stored.js';

/**
 * The class of each pixel, or `leftOut`. A binary rule gives 0 and 1.
 *
 * @param classes classes of the network; 1: foreground is 1
 * @throws UserError naming file and place when a pixel is of no class, or the file lacks what the rule reads
 */
export function classesOf(mask: StoredMask, { rule, ignore }: MaskReading, classes: number): Uint8Array {
  const { values } = mask;
  const out = new Uint8Array(values.length);
  const source = rule.kind === 'entries' ? entriesOf(mask) : values;
  if (rule.kind === 'nonzero') fill(out, (p) => (values[p] !== 0) !== rule.invert);
  else if (rule.kind === 'threshold') fill(out, (p) => values[p]! >= rule.least !== rule.invert);
  else if (rule.kind === 'alpha') {
    const alpha = alphaOf(mask);
    fill(out, (p) => alpha[p]! >= rule.least !== rule.invert);
  } else if (rule.kind === 'colors') {
    const table = new Map(rule.classes.flatMap((names, k) => names.map((name) => [parseInt(name.slice(1), 16), k])));
    for (let p = 0; p < out.length; p++) {
      const found = table.get(colorAt(mask, p));
      if (found === undefined) {
        const name = `the color #${colorAt(mask, p).toString(16).padStart(6, '0')}`;
        throw noClass(mask, p, name, `which ${ruleText(rule)} does not name`);
      }
      out[p] = found;
    }
  } else {
    const table = rule.classes && new Map(rule.classes.flatMap((all, k) => all.map((value) => [value, k])));
    const what = rule.kind === 'entries' ? 'palette entry' : 'value';
    for (let p = 0; p < out.length; p++) {
      const value = source[p]!;
      if (value === ignore) continue;
      const found = table ? table.get(value) : classes === 1 ? Number(value !== 0) : value;
      if (found !== undefined && Number.isInteger(found) && found >= 0 && found < Math.max(classes, 2)) out[p] = found;
      else {
        const why = table ? `which ${ruleText(rule)} does not name` : `but the network has ${count(classes)}`;
        throw noClass(mask, p, `the ${what} ${value}`, why);
      }
    }
  }
  if (ignore !== undefined) for (let p = 0; p < out.length; p++) if (source[p] === ignore) out[p] = leftOut;
  return out;
}

const count = (classes: number): string => `${classes} classes, 0 to ${classes - 1}`;

function fill(out: Uint8Array, foreground: (p: number) => boolean): void {
  for (let p = 0; p < out.length; p++) out[p] = Number(foreground(p));
}

function entriesOf(mask: StoredMask): Uint8Array | Uint16Array {
  if (mask.entries) return mask.entries;
  throw new UserError('mask-palette', `${mask.file} has no palette, where masks = entries reads its entries`, noSuch);
}

function alphaOf(mask: StoredMask): Uint8Array {
  if (mask.alpha) return mask.alpha;
  throw new UserError('mask-alpha', `${mask.file} has no alpha channel, where masks = alpha reads it`, noSuch);
}

const noSuch = 'one rule reads all masks of a data set: save them alike, or give another rule (masks = ...)';

function noClass(mask: StoredMask, p: number, what: string, why: string): UserError {
  const place = `row ${Math.floor(p / mask.width)}, column ${p % mask.width}`;
  return new UserError(
    'mask-value',
    `${mask.file} holds ${what} at ${place}, ${why}`,
    'say what it means in masks = ...',
  );
}
