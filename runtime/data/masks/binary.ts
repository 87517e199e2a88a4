import type { MaskRule } from '../../../compiler/recipe.js';
import { UserError } from '../../../compiler/user-error.js';
import type { Examination, Occurrence, Occurrences } from './examine.js';
import { ruleText } from './reading.js';
import { colorName } from './stored.js';

/** A rule that was found, and what to call what it reads. */
export interface Found {
  readonly rule: MaskRule;
  /** The number that means "not annotated", by habit. */
  readonly ignore?: number;
  /** `0 and 255`, `soft edges from 0 to 255`. */
  readonly what: string;
}

const nonzero: MaskRule = { kind: 'nonzero', invert: false };
const threshold = (least: number): MaskRule => ({ kind: 'threshold', least, invert: false });

/**
 * The one rule by which all masks of a data set are foreground and background. docs/data.md has the table of kinds.
 *
 * @param ignore a number that is left out, as the recipe says; nothing is concluded from it
 * @throws UserError where the files leave it open, with what to say
 */
export function binaryRule(e: Examination, ignore?: number): Found {
  const alpha = alphaRule(e);
  if (alpha) return alpha;
  const painted = e.colored.count + e.withPalette.count > 0;
  if (painted && ignore !== undefined) return entriesBut(e, ignore);
  if (painted && e.colors.has(vocVoid)) throw vocBorder(e);
  const values = without(e.values, ignore);
  const all = [...values.keys()];
  if (all.length === 0) return { rule: nonzero, what: `nothing but ${ignore}` };
  if (e.withPalette.count > 0 && all.length === 1 && all[0] === 0 && e.entries.size > 1) return blackPalette(e);
  const highest = all.at(-1) as number;
  // Colors as bright as each other: none of them is black.
  if (painted && all.length === 1 && highest !== 0 && (e.moreColors || e.colors.size > 1))
    throw whichIsBackground(e, values);
  if (e.lossy.count > 0) return lossyRule(e, values);
  if (all.length === 1) return { rule: nonzero, what: `nothing but ${highest}` };
  if (all[0] === 0 && all.slice(1).every((value) => e.peaks.has(value))) {
    return { rule: nonzero, what: `0 and ${all.slice(1).join(' or ')}` };
  }
  if (ignore === undefined) {
    askForVoid(e, all);
    if (isVoid(e, all)) return { rule: nonzero, ignore: highest, what: '0 and 1' };
  }
  const soft = softness(e, values);
  if (soft.kind === 'picture') throw notAMask(e, values);
  if (soft.kind === 'soft')
    return { rule: threshold(halfOf(e, soft)), what: `soft edges from ${all[0]} to ${highest}` };
  if (all[0] !== 0) throw whichIsBackground(e, values);
  if (painted && (e.moreColors || e.colors.size > 2)) {
    const colors = e.moreColors ? 'many colors' : `${e.colors.size - 1} colors`;
    return { rule: nonzero, what: `black and ${colors}, each of them foreground` };
  }
  if (all.length === 2) return { rule: nonzero, what: `0 and ${highest}` };
  if (soft.kind === 'unclear') throw severalLevels(values);
  // A few levels up to the type's largest number are grades of one thing as often as numbers of several.
  if (all.length <= fewLevels && e.peaks.has(highest) && highest > 64) throw severalLevels(values);
  return { rule: nonzero, what: `0 and ${all.length - 1} labels, ${all[1]} to ${highest}, each of them foreground` };
}

/** Whether 0, 1 and a type's largest number lie in one file, which then is the habit's "not annotated". */
const isVoid = (e: Examination, values: readonly number[]): boolean =>
  values.length === 3 &&
  values[0] === 0 &&
  values[1] === 1 &&
  values[2]! >= 255 &&
  e.voidBesideOne > 0 &&
  ownRegions([e.values.get(1) as Occurrence]);

/** Whether pixels form regions, and are no noise or edges. */
const ownRegions = (found: readonly Occurrence[]): boolean => sum(found, 'inside') > 0.05 * sum(found, 'pixels');

/** Some files of 0 and 1, others of 0 and 255: the same said twice, or a set where 255 is "not annotated". */
function askForVoid(e: Examination, values: readonly number[]): void {
  const [zero, one, top] = values;
  if (values.length !== 3 || zero !== 0 || one !== 1 || !e.peaks.has(top!) || top! < 255 || e.voidBesideOne > 0) return;
  const [a, b] = [e.highest.get(1), e.highest.get(top!)];
  throw new UserError(
    'mask-mixed',
    `${a?.first} goes up to 1 and ${b?.first} to ${top}, and no mask holds both`,
    `if both are foreground: masks = nonzero; if ${top} is "not annotated": ignore = ${top}`,
  );
}

const without = (values: Occurrences, ignore: number | undefined): Occurrences =>
  new Map([...values].filter(([value]) => value !== ignore));

const sum = (values: Iterable<Occurrence>, of: 'pixels' | 'tops' | 'inside'): number => {
  let total = 0;
  for (const value of values) total += value[of];
  return total;
};

/** Where transparency varies: it is the mask, or says what the colors say, or it is a question. */
function alphaRule(e: Examination): Found | null {
  if (e.withAlpha.count === 0 || e.alpha.size < 2) return null;
  const { nonzero: byAny, half } = e.alphaDisagrees;
  const oneColor = e.colors.size === 1 || (!e.moreColors && e.values.size === 1 && e.colored.count === 0);
  if (!oneColor && (byAny === 0 || half === 0)) return null;
  const [opaque, transparent] = [[...e.opaqueColors], [...e.transparentColors]];
  const twoColors = opaque.length === 1 && transparent.length === 1 && opaque[0] !== transparent[0];
  if (e.withoutAlpha.count === 0 && (oneColor || twoColors)) {
    const levels = [...e.alpha.keys()];
    const highest = levels.at(-1) as number;
    const rule: MaskRule = { kind: 'alpha', least: highest >= 128 ? 128 : Math.ceil(highest / 2), invert: false };
    return { rule, what: 'in the alpha channel' };
  }
  const both = e.withoutAlpha.count > 0 ? `, and ${e.withoutAlpha.first} has no alpha channel` : '';
  throw new UserError(
    'mask-alpha',
    `${e.withAlpha.first}: transparency varies and so do the colors, and they say different things${both}`,
    'say which is the mask: masks = alpha, or masks = nonzero (any color but black), or masks = threshold(128)',
  );
}

/** Entries of a palette that is all black: the colors say nothing, the entries do. */
function blackPalette(e: Examination): Found {
  const entries = [...e.entries.keys()];
  if (entries[0] === 0)
    return { rule: { kind: 'entries' }, what: `palette entries ${entries[0]} to ${entries.at(-1)}` };
  throw new UserError(
    'mask-palette',
    `${e.withPalette.first}: every palette entry is black, and no pixel is of entry 0`,
    `say which entries are background: masks = entries([${entries.slice(0, 2).join(', ')}])`,
  );
}

/** Palette entries, one of which is left out; a number says nothing of colors. */
function entriesBut(e: Examination, ignore: number): Found {
  if (e.colored.count === 0 && e.withoutPalette.count === 0 && e.palette.get(0) === 0) {
    return {
      rule: { kind: 'entries' },
      what: `palette entries, 0 and ${[...e.entries.keys()].filter((k) => k > 0 && k !== ignore).join(', ')}`,
    };
  }
  throw new UserError(
    'mask-mixed',
    `ignore = ${ignore} is a number, and ${e.colored.first || e.withPalette.first} holds colors`,
    'save masks as grey numbers, or as palette files whose entry 0 is black',
  );
}

/** The color by which PASCAL VOC marks borders and objects that are not annotated: entry 255 of its palette. */
const vocVoid = 0xe0e0c0;

const vocBorder = (e: Examination): UserError =>
  new UserError(
    'mask-void',
    `${e.colors.get(vocVoid)?.file} holds the color ${colorName(vocVoid)} (${share(e.colors.get(vocVoid)?.pixels ?? 0, e.pixels)}), which in PASCAL VOC means "not annotated"`,
    e.colored.count === 0
      ? 'leave it out: ignore = 255; or take it as foreground: masks = nonzero'
      : 'take it as foreground: masks = nonzero; or save masks as grey numbers, and leave one out: ignore = 255',
  );

interface Softness {
  readonly kind: 'soft' | 'labels' | 'unclear' | 'picture';
  readonly low: number;
  readonly high: number;
  readonly highest: number;
}

/** So few different numbers are grades or labels that someone chose, and not the blur of an edge. */
const fewLevels = 6;

/**
 * Whether numbers between the lowest and the highest are the edges of one thing, or things of their own. Edges, and the noise of
 * JPEG, have no pixel that is surrounded by its like; of regions 2 pixels wide, which have none either, no pixel has a higher neighbour.
 */
function softness({ peaks }: Examination, values: Occurrences): Softness {
  const all = [...values.keys()];
  const [lowest, highest] = [all[0] as number, all.at(-1) as number];
  const centre = (lowest + highest) / 2;
  const low = medianOf(values, (value) => value < centre);
  const high = medianOf(values, (value) => value >= centre);
  const whole = all.every(Number.isInteger);
  // Soft edges need room between the ends; whole numbers this small are labels.
  if (all.length < 3 || (whole && highest - lowest < 32)) return { kind: 'labels', low, high, highest };
  // Of many levels those near an end are its noise; of a few each counts.
  const reach = all.length > fewLevels ? (high - low) / 4 : 0;
  const within = (from: number, to: number) =>
    [...values].filter(([value]) => value > from && value < to).map(([, found]) => found);
  const between = reach > 0 ? within(low + reach, high - reach) : within(lowest, highest);
  const pixels = sum(between, 'pixels');
  const tops = pixels === 0 ? 0 : sum(between, 'tops') / pixels;
  const own = ownRegions(between);
  const levels = between.length;
  // Edges are thinner than what they bound; a picture is made of the levels between.
  const ends = sum(within(high - reach - 1e-9, Number.POSITIVE_INFINITY), 'pixels');
  const total = sum(values.values(), 'pixels');
  const last = values.get(highest) as Occurrence;
  if (levels > fewLevels && tops < 0.6 && (pixels > 0.5 * total || pixels > 3 * ends))
    return { kind: 'picture', low, high, highest };
  if (own || tops > 0.9) {
    // Numbers of things rise to the last of them; where most of the foreground is the type's largest number, they are grades.
    const graded = peaks.has(highest) && highest > 64 && last.pixels > 0.4 * (total - (values.get(0)?.pixels ?? 0));
    return { kind: tops > 0.6 && !graded ? 'labels' : 'unclear', low, high, highest };
  }
  if (ownRegions(within(low, low + reach))) return { kind: 'unclear', low, high, highest };
  return { kind: low <= 0.2 * high ? 'soft' : 'picture', low, high, highest };
}

function medianOf(values: Occurrences, belongs: (value: number) => boolean): number {
  const chosen = [...values].filter(([value]) => belongs(value));
  const half = chosen.reduce((total, [, found]) => total + found.pixels, 0) / 2;
  let seen = 0;
  for (const [value, { pixels }] of chosen) {
    seen += pixels;
    if (seen >= half) return value;
  }
  return 0;
}

/** Half of the range that masks use: 128 for 0 to 255, 64 for 0 to 128. */
function halfOf(e: Examination, { low, high, highest }: Softness): number {
  const [peak] = [...e.peaks.keys()].sort((a, b) => b - a) as [number];
  if (e.peaks.size > 1) {
    const files = [...e.peaks.values()].map(({ first }) => first);
    throw new UserError(
      'mask-mixed',
      `${files.slice(0, 2).join(' and ')} differ in their bits, and edges are soft: no one threshold is right for both`,
      'save all masks in the same bits, or hard-edged',
    );
  }
  const half = low <= 0.1 * peak && highest >= 0.9 * peak ? peak / 2 : (low + high) / 2;
  return peak === 1 ? half : Math.ceil(half);
}

/** JPEG changes values: only what is far apart survives it. */
function lossyRule(e: Examination, values: Occurrences): Found {
  const all = [...values.keys()];
  const [lowest, highest] = [all[0] as number, all.at(-1) as number];
  const [peak] = [...e.peaks.keys()].sort((a, b) => b - a) as [number];
  if (all.length === 1)
    return { rule: threshold(Math.ceil(peak / 2)), what: `nothing but ${lowest}, compressed with losses` };
  const soft = softness(e, values);
  if (
    highest - lowest >= 0.2 * peak &&
    soft.kind !== 'picture' &&
    soft.kind !== 'labels' &&
    soft.low <= 0.2 * soft.high
  ) {
    return { rule: threshold(halfOf(e, soft)), what: `${lowest} to ${highest}, compressed with losses` };
  }
  if (all.length === 2 && lowest === 0 && highest >= 0.5 * peak) {
    return { rule: threshold(halfOf(e, soft)), what: `0 and ${highest}, compressed with losses` };
  }
  throw new UserError(
    'mask-lossy',
    `${e.lossy.first} is compressed with losses, as JPEG is, and its values ${lowest} to ${highest} are no mask of two ends`,
    'export masks as PNG, or say where foreground begins: masks = threshold(128)',
  );
}

/** `17.3 %` */
export const share = (pixels: number, of: number): string => {
  const percent = of === 0 ? 0 : (100 * pixels) / of;
  return `${percent > 0 && percent < 0.1 ? percent.toPrecision(1) : percent.toFixed(1)} %`;
};

/** `0 (71.2 %), 1 (20.1 %), 255 (8.7 %) and 12 more`, the most frequent first. */
export function sharesOf(values: Occurrences, name: (value: number) => string = String, shown = 6): string {
  const total = sum(values.values(), 'pixels');
  const sorted = [...values].sort(([a, x], [b, y]) => y.pixels - x.pixels || a - b);
  const more = sorted.length > shown ? ` and ${sorted.length - shown} more` : '';
  return sorted.slice(0, shown).map(([value, { pixels }]) => `${name(value)} (${share(pixels, total)})`).join(', ') + more;
} // biome-ignore format: one chain

function whichIsBackground(e: Examination, values: Occurrences): UserError {
  const all = [...values.keys()];
  const colored = e.colored.count + e.withPalette.count > 0 && !e.moreColors;
  if (colored) {
    const colors = [...e.colors].sort(([, x], [, y]) => y.pixels - x.pixels).map(([color]) => `"${colorName(color)}"`);
    const [first, second, ...rest] = colors;
    const foreground = rest.length === 0 ? second : `[${[second, ...rest].slice(0, 4).join(', ')}]`;
    return new UserError(
      'mask-background',
      `no mask has a black pixel, which would be background: ${sharesOf(e.colors, colorName)}, in ${e.colors.values().next().value?.file}`,
      `name the colors of background and foreground: masks = colors([${first}, ${foreground}])${e.withPalette.count > 0 ? ', or masks = entries' : ''}`,
    );
  }
  const last = all.at(-1) as number;
  const place = `the first is ${values.get(last)?.file}`;
  const more = all.length > 2 ? `masks = values([[${all.slice(0, -1).slice(0, 6).join(', ')}], ${last}]), ` : '';
  return new UserError(
    'mask-background',
    `no mask has a pixel of 0, which would be background: ${sharesOf(values)}; ${place}`,
    `say what is foreground: ${more}masks = threshold(${last}) or masks = threshold(${last}, invert: true)`,
  );
}

function severalLevels(values: Occurrences): UserError {
  const all = [...values.keys()];
  const middle = all.find((value) => value !== 0) as number;
  const top = all.at(-1) as number;
  return new UserError(
    'mask-levels',
    `masks hold ${sharesOf(values)}, each in regions of its own, for a network of one class; ${middle} is in ${values.get(middle)?.file}`,
    `say what is foreground: masks = nonzero, masks = threshold(${top}); or ignore = ${top} if that is "not annotated"`,
  );
}

function notAMask(e: Examination, values: Occurrences): UserError {
  const [first] = [...e.highest.values()].map((files) => files.first).sort();
  return new UserError(
    'mask-picture',
    `masks hold ${values.size} levels, most pixels between the ends: pictures or probabilities, not masks (${first})`,
    `check that the folder holds masks, or say where foreground begins: ${ruleText(threshold(128)).replace(/^/, 'masks = ')}`,
  );
}
