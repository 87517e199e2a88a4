import { UserError } from '../../../compiler/user-error.js';
import type { ReadOptions } from '../formats/index.js';
import { type Found, share, sharesOf } from './binary.js';
import type { Examination, Occurrences } from './examine.js';
import { colorName, readStoredMask } from './stored.js';

/** By habit "not annotated": of 8 bits, and of 16. */
const voids = [255, 65535];

/**
 * The one rule by which all masks of a data set are class numbers 0 .. classes - 1: grey values, or entries of a palette.
 *
 * @param ignore a number that is left out, as the recipe says
 * @throws UserError where the files leave it open, or hold what is no class
 */
export async function classRule(e: Examination, classes: number, ignore?: number, read?: ReadOptions): Promise<Found> {
  if (e.lossy.count > 0) {
    throw new UserError(
      'mask-lossy',
      `${e.lossy.first} is ${/\.tiff?$/i.test(e.lossy.first) ? 'TIFF with JPEG inside' : 'JPEG'}, which does not keep class numbers exactly`,
      'save class masks as PNG or TIFF',
    );
  }
  if (e.alphaDisagrees.half > 0 && e.alpha.size > 1 && e.values.size === 1) {
    throw new UserError(
      'mask-alpha',
      `masks have one color throughout, and the alpha channel varies (${e.withAlpha.first})`,
      classes === 2 ? 'if alpha is the mask: masks = alpha' : 'save class numbers as grey values',
    );
  }
  if (e.withPalette.count > 0) return paletteRule(e, classes, ignore);
  if (e.colored.count > 0) throw colors(e, classes);
  const void_ = checkNumbers(e.values, classes, ignore);
  if (void_ === 'wrong') throw await wrongNumber(e, classes, ignore, read);
  return { rule: { kind: 'values' }, what: 'grey values', ...(void_ === undefined ? {} : { ignore: void_ }) };
}

/** Whether all are classes; else the number that by habit is left out, or that some is wrong. */
function checkNumbers(found: Occurrences, classes: number, ignore: number | undefined): number | undefined | 'wrong' {
  const others = [...found.keys()].filter((v) => v !== ignore && !(Number.isInteger(v) && v >= 0 && v < classes));
  if (others.length === 0) return undefined;
  const [only] = others;
  // A second class must be there: of 0 and 255 alone, 255 may be it.
  const second = [...found.keys()].some((v) => v > 0 && v < classes);
  return others.length === 1 && ignore === undefined && second && voids.includes(only as number) ? only : 'wrong';
}

function paletteRule(e: Examination, classes: number, ignore: number | undefined): Found {
  if (e.withoutPalette.count > 0) {
    throw new UserError(
      'mask-mixed',
      `${e.withPalette.first} has a palette, and ${e.withoutPalette.first} has none`,
      'one rule reads all masks of a data set: save them alike',
    );
  }
  const entries = [...e.entries.keys()];
  const named = [...e.entries].map(([entry, { pixels }]) => {
    const color = e.palette.get(entry);
    return `${entry}${color === null || color === undefined ? '' : ` ${colorName(color)}`} (${share(pixels, e.pixels)})`;
  });
  const some = named.slice(0, 8).join(', ') + (named.length > 8 ? ` and ${named.length - 8} more` : '');
  const byEntry = checkNumbers(e.entries, classes, ignore);
  const grey = [...e.palette.values()].every((color) => color !== null && isGrey(color));
  // A palette of the greys 0, 1, 2, ... in another order: both may be meant.
  if (grey && checkNumbers(e.values, classes, ignore) === undefined) {
    const same = entries.every((entry) => e.palette.get(entry) === entry * 0x010101);
    if (same || byEntry === 'wrong') return { rule: { kind: 'values' }, what: 'greys of a palette' };
    if ([...e.values.keys()].some((value) => value > 0)) {
      throw new UserError(
        'mask-palette',
        `${e.withPalette.first}: entries of its palette and their grey levels are both class numbers, but different ones: ${some}`,
        'say which: masks = entries, or masks = values',
      );
    }
  }
  const black = entries.find((entry) => e.palette.get(entry) === 0);
  if (byEntry !== 'wrong' && black !== undefined && black !== 0 && e.palette.get(0) !== 0 && e.palette.has(0)) {
    throw new UserError(
      'mask-palette',
      `${e.withPalette.first}: black is entry ${black} of the palette, and class 0, the background by habit, would be ${colorName(e.palette.get(0) ?? 0)}: ${some}`,
      `say what each class is: masks = entries([${[black, ...entries.filter((k) => k !== black)].join(', ')}]), or masks = entries as they are`,
    );
  }
  if (byEntry === 'wrong') {
    throw new UserError(
      'mask-value',
      `palette entries ${some} are not the ${classes} classes, 0 to ${classes - 1}; the first file is ${e.withPalette.first}`,
      wayOut('entries', e.entries, classes),
    );
  }
  return { rule: { kind: 'entries' }, what: 'palette entries', ...(byEntry === undefined ? {} : { ignore: byEntry }) };
}

const isGrey = (color: number): boolean => color % 0x010101 === 0;

function colors(e: Examination, classes: number): UserError {
  const found = [...e.colors].sort(([a, x], [b, y]) => (b === 0 ? 1 : a === 0 ? -1 : y.pixels - x.pixels));
  const few = !e.moreColors && found.length <= 40;
  const shares = e.moreColors ? 'thousands of colors' : sharesOf(e.colors, colorName);
  const list = found.map(([color]) => `"${colorName(color)}"`).join(', ');
  const way = few
    ? `name the colors of each class: masks = colors([${list}])${found.length === classes ? ', in the order of your classes' : ''}`
    : 'edges may have been smoothed: export them again without, as grey class numbers or one binary mask a class in masks/<class>/';
  return new UserError(
    'mask-colour',
    `${e.colored.first} is a colour image, where class numbers are expected: ${shares}`,
    way,
  );
}

/** Names the first pixel that is no class. */
async function wrongNumber(
  e: Examination,
  classes: number,
  ignore: number | undefined,
  read: ReadOptions | undefined,
): Promise<UserError> {
  const found = [...e.values].filter(([v]) => v !== ignore && !(Number.isInteger(v) && v >= 0 && v < classes));
  const [[value, { file }]] = found as [(typeof found)[0]];
  const mask = await readStoredMask(file, read);
  const at = Math.max(0, mask.values.indexOf(value));
  const slice = mask.slices > 1 ? `slice ${Math.floor(at / (mask.width * mask.height))}, ` : '';
  const place = `${slice}row ${Math.floor(at / mask.width) % mask.height}, column ${at % mask.width}`;
  return new UserError(
    'mask-value',
    `${file} holds the value ${value} at ${place}, but the network has ${classes} classes, 0 to ${classes - 1}; all masks: ${sharesOf(e.values)}`,
    wayOut('values', e.values, classes),
  );
}

function wayOut(rule: 'values' | 'entries', values: Occurrences, classes: number): string {
  const all = [...values.keys()];
  const rest = all.filter((value) => value >= classes || value < 0);
  const top = all.at(-1) as number;
  const ways: string[] = [];
  if (all.length > 40) {
    if (classes === 2) ways.push('if edges are soft: masks = threshold(128)');
    ways.push('check that the masks hold class numbers');
    return ways.join('; ');
  }
  if (all.length === classes) ways.push(`name them in the order of classes: masks = ${rule}([${all.join(', ')}])`);
  else if (all.length > classes) {
    const grouped = [...all.slice(0, classes - 1), all.slice(classes - 1)].map((v) =>
      Array.isArray(v) ? `[${v.join(', ')}]` : v,
    );
    ways.push(`group them: masks = ${rule}([${grouped.join(', ')}]), or let the network have ${all.length} classes`);
  } else if (rest.every((value) => Number.isInteger(value) && value < 256)) {
    ways.push(`renumber the classes, or let the network have ${top + 1} of them`);
  }
  if (classes === 2 && all.length === 2 && all[0] === 0)
    ways.push('or let the network have one class: such masks are binary');
  if (rest.length === 1 && voids.includes(top))
    ways.push(`if ${top} is "not annotated", leave it out: ignore = ${top}`);
  return ways.join('; ') || 'say what each number means: masks = values([...])';
}
