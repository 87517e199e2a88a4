import type { MaskOrientation, MaskRule, MaskSetting } from '../../../compiler/recipe.js';
import { UserError } from '../../../compiler/user-error.js';
import type { ReadOptions } from '../formats/index.js';
import { binaryRule, type Found, share } from './binary.js';
import { classRule } from './classes.js';
import type { Examination, Occurrences } from './examine.js';
import { type MaskReading, ruleText } from './reading.js';

export { sharesOf } from './binary.js';
export { type Examination, examineMasks, type Files, type Occurrence, type Occurrences } from './examine.js';
export { readMask } from './read.js';
export { type MaskReading, ruleText } from './reading.js';
export { colorName } from './stored.js';

/** What is asked of masks, and what is known of how they are to be read. */
export interface MaskQuestion {
  /** Classes of the network; 1: binary. */
  readonly classes: number;
  /** Each file is the binary mask of one class, of `masks/<class>/`. */
  readonly folders: boolean;
  /** What the recipe or a flag says. */
  readonly stated?: MaskSetting;
  readonly ignore?: number;
  /** How the masks of the run or model were read that is to be judged. */
  readonly before?: MaskReading;
  readonly orientation?: MaskOrientation;
  readonly read?: ReadOptions;
}

/** How the masks of a data set are read, and what is to be said of it. */
export interface MaskReport extends MaskReading {
  /** Whether the rule was stated, and not found by looking. */
  readonly stated: boolean;
  /** Whether `ignore` was concluded from the habit of marking with 255, and not stated. */
  readonly assumedIgnore: boolean;
  /** One line: `masks: binary, 0 and 255 (12.4 % foreground)`. */
  readonly summary: string;
  /** Worth a warning each. */
  readonly warnings: readonly string[];
}

/**
 * The one rule that reads all masks of a data set, stated or found.
 * @throws UserError where files leave open what they mean, or hold what the rule does not read; with the way out
 */
export async function decideMasks(e: Examination, question: MaskQuestion): Promise<MaskReport> {
  const { classes, folders, before, orientation } = question;
  const stated = question.stated ?? (before?.stated ? before.rule : undefined);
  const ignore = question.ignore ?? (stated && !question.stated ? before?.ignore : undefined);
  const warnings: string[] = [];
  const binary = classes === 1 || folders;
  let found: Found;
  if (stated && stated.kind !== 'invert') {
    checkStated(stated, classes, folders);
    found = { rule: stated, what: ruleText(stated) };
  } else {
    try {
      found = binary ? binaryRule(e, ignore) : await classRule(e, classes, ignore, question.read);
      if (before && ruleText(before.rule) !== ruleText(found.rule)) {
        warnings.push(
          `these masks are read by ${ruleText(found.rule)}, those of training were by ${ruleText(before.rule)}`,
        );
      }
    } catch (error) {
      // What these files leave open the run knows; what it can't read fails where it is read.
      if (!before || !(error instanceof UserError)) throw error;
      found = { rule: before.rule, what: ruleText(before.rule) };
      warnings.push(`masks are read as those of training were, by ${ruleText(before.rule)}: ${error.message}`);
    }
    if (stated) found = { ...found, rule: inverted(found.rule) };
  }
  const leave = ignore ?? before?.ignore ?? found.ignore;
  const reading: MaskReading = {
    rule: found.rule,
    ...(leave === undefined ? {} : { ignore: leave }),
    ...(orientation ? { orientation } : {}),
  };
  if (found.rule.kind === 'alpha' && !stated) {
    warnings.push('masks are read from the alpha channel, since their colors say nothing else; masks = alpha says so');
  }
  const counts = countClasses(e, reading, binary ? 1 : classes);
  const assumedIgnore = ignore === undefined && before?.ignore === undefined && found.ignore !== undefined;
  if (assumedIgnore) {
    warnings.push(
      `masks hold 0 to ${binary ? 1 : classes - 1}, and ${leave} (${share(counts?.left ?? 0, e.pixels)}): those pixels are taken as "not annotated" and left out; ignore = ${leave} says so`,
    );
  }
  warnings.push(...suspicions(e, reading, counts, binary, folders));
  return {
    ...reading,
    stated: stated !== undefined,
    assumedIgnore,
    summary: summaryOf(e, found, reading, counts, { binary, folders }),
    warnings,
  };
}

const flags = { 'masks =': '--mask-rule', 'ignore =': '--ignore', 'orientation =': '--orientation' };

/** Runs with hints that say where what they advise is written. @throws what `work` throws */
export async function withFlags<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || error.hint === undefined) throw error;
    const { hint } = error;
    const named = Object.entries(flags).flatMap(([setting, flag]) => (hint.includes(setting) ? [flag] : []));
    if (named.length === 0) throw error;
    throw new UserError(error.code, error.message, `${hint} (in the train block; as flags: ${named.join(', ')})`, {
      cause: error,
    });
  }
}

function inverted(rule: MaskRule): MaskRule {
  if ('invert' in rule) return { ...rule, invert: !rule.invert };
  throw new UserError(
    'mask-rule',
    `masks = invert exchanges foreground and background, and ${ruleText(rule)} has more to say`,
    `name the classes: masks = ${rule.kind === 'colors' ? 'colors(["#ffffff", "#000000"])' : `${rule.kind}([1, 0])`}`,
  );
}

function checkStated(rule: MaskRule, classes: number, folders: boolean): void {
  const binary = classes === 1 || folders;
  const given = 'invert' in rule ? 2 : rule.classes?.length;
  if (given === undefined || given === (binary ? 2 : classes)) return;
  throw new UserError(
    'mask-rule',
    `masks = ${ruleText(rule)} gives ${given} classes, and ${folders ? 'each folder of masks/ holds a binary mask' : `the network has ${classes}`}`,
    binary
      ? 'name background and foreground: two items'
      : `name ${classes} classes: masks = values([...]), entries([...]) or colors([...])`,
  );
}

/** Pixels of each class, of those left out, and of foreground at the borders; null where tables don't tell. */
interface Counts {
  readonly classes: readonly number[];
  readonly border: readonly number[];
  readonly left: number;
}

function countClasses(e: Examination, { rule, ignore }: MaskReading, classes: number): Counts | null {
  const table: Occurrences =
    rule.kind === 'alpha'
      ? e.alpha
      : rule.kind === 'entries'
        ? e.entries
        : rule.kind === 'colors'
          ? e.colors
          : e.values;
  if (table.size === 0) return null;
  const totals = new Array<number>(Math.max(2, classes)).fill(0);
  const border = [...totals];
  let left = 0;
  for (const [value, { pixels, border: edge }] of table) {
    let at: number | undefined;
    if (value === ignore && rule.kind !== 'alpha' && rule.kind !== 'colors') {
      left += pixels;
      continue;
    }
    if (rule.kind === 'nonzero') at = Number((value !== 0) !== rule.invert);
    else if (rule.kind === 'threshold' || rule.kind === 'alpha') at = Number(value >= rule.least !== rule.invert);
    else if (rule.kind === 'colors') {
      const name = `#${value.toString(16).padStart(6, '0')}`;
      at = rule.classes.findIndex((names) => names.includes(name));
    } else if (rule.classes) at = rule.classes.findIndex((values) => values.includes(value));
    else at = classes === 1 ? Number(value !== 0) : value;
    if (totals[at] === undefined) continue;
    totals[at] = totals[at]! + pixels;
    border[at] = border[at]! + edge;
  }
  return { classes: totals, border, left };
}

function suspicions(
  e: Examination,
  { rule, ignore }: MaskReading,
  counts: Counts | null,
  binary: boolean,
  folders: boolean,
): string[] {
  const found: string[] = [];
  if (!counts) return found;
  const seen = counts.classes.reduce((a, b) => a + b, 0);
  const edge = counts.border.reduce((a, b) => a + b, 0);
  if (binary) {
    const foreground = counts.classes[1] as number;
    if (foreground === 0) found.push(`no mask has any foreground (${e.files} files): nothing can be learned from them`);
    else if (foreground === seen) found.push('every pixel of every mask is foreground');
    else if (!folders && foreground > 0.5 * seen && (counts.border[1] as number) > 0.7 * edge) {
      found.push(
        `foreground is ${share(foreground, seen)} of all pixels and ${share(counts.border[1] as number, edge)} of the borders: are the masks inverted? masks = ${invertedText(rule)} exchanges them`,
      );
    }
  } else {
    const missing = counts.classes.flatMap((pixels, k) => (pixels === 0 ? [k] : []));
    if (missing.length === counts.classes.length - 1 && missing[0] === 1) {
      found.push(`no mask has any foreground (${e.files} files): all pixels are of class 0`);
    } else if (missing.length > 0) {
      const names = missing.slice(0, 8).join(', ') + (missing.length > 8 ? ` and ${missing.length - 8} more` : '');
      found.push(`no mask has a pixel of ${missing.length === 1 ? 'class' : 'the classes'} ${names}`);
    }
  }
  if (ignore !== undefined && counts.left === 0)
    found.push(`no mask has a pixel of ${ignore}, which is to be left out`);
  return found;
}

const invertedText = (rule: MaskRule): string => {
  if ('invert' in rule) return ruleText({ ...rule, invert: !rule.invert });
  return `${rule.kind}([${rule.kind === 'colors' ? '"#ffffff", "#000000"' : '1, 0'}])`;
};

function summaryOf(
  e: Examination,
  { what }: Found,
  { rule, ignore }: MaskReading,
  counts: Counts | null,
  { binary, folders }: { readonly binary: boolean; readonly folders: boolean },
): string {
  const seen = counts ? counts.classes.reduce((a, b) => a + b, 0) : 0;
  const shares = !counts
    ? ''
    : binary
      ? ` (${share(counts.classes[1] ?? 0, seen)} foreground)`
      : ` (${counts.classes.slice(0, 8).map((pixels) => share(pixels, seen)).join(', ')}${counts.classes.length > 8 ? ', ...' : ''})`; // biome-ignore format: one chain
  const kind = folders
    ? 'one binary mask a class, '
    : binary
      ? 'binary, '
      : `classes 0 to ${(counts?.classes.length ?? 1) - 1}: `;
  const by = rule.kind === 'threshold' || rule.kind === 'alpha' ? `, foreground from ${rule.least}` : '';
  const turned = 'invert' in rule && rule.invert ? ', inverted' : '';
  const left = ignore === undefined ? '' : `; ${ignore} left out (${share(counts?.left ?? 0, e.pixels)})`;
  const white = e.whiteIsZero.count > 0 ? '; numbers as stored, though the TIFF says that 0 is white' : '';
  return `masks: ${kind}${what}${shares}${by}${turned}${left}${white}`;
}
