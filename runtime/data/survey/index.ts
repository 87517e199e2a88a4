import { someOf, UserError } from '../../../compiler/user-error.js';
import { listImages } from '../folder.js';
import { readImageHeader } from '../formats/index.js';
import { type DataFiles, type DataSource, findSamples, printSource, readOptionsOf } from '../layouts/index.js';
import {
  colorName,
  decideMasks,
  type Examination,
  examineMasks,
  type MaskReport,
  type Occurrences,
  ruleText,
} from '../masks/index.js';
import { type PairHeaders, turnsOf } from '../masks/orientation.js';
import { type ImageFact, surveyImages } from './images.js';

/** How often something occurs. */
export interface Count {
  readonly what: string;
  readonly count: number;
}

/** A number or color of masks. */
export interface MaskValue {
  readonly value: number | string;
  /** Share of all mask pixels, 0 to 1. */
  readonly share: number;
  readonly files: number;
}

/** How masks are read for a network of so many classes: a rule, or a question that must be answered first. */
export interface MaskAnswer {
  readonly classes: number;
  readonly rule?: string;
  readonly ignore?: number;
  readonly summary?: string;
  readonly warnings: readonly string[];
  readonly question?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** What `unetc data` says of a data set before any training. */
export interface Survey {
  readonly source: string;
  readonly layout: string;
  readonly images: number;
  readonly sizes: readonly Count[];
  readonly channels: readonly Count[];
  readonly types: readonly Count[];
  readonly formats: readonly Count[];
  /** Millimetres along each axis, slowest first; empty where no file says. */
  readonly spacings: readonly Count[];
  readonly range: readonly [lowest: number, highest: number];
  readonly masks: {
    readonly files: number;
    readonly classFolders: readonly string[];
    readonly values: readonly MaskValue[];
    readonly entries: readonly MaskValue[];
    readonly colors: readonly MaskValue[];
    readonly alpha: readonly MaskValue[];
    readonly empty: number;
    readonly answers: readonly MaskAnswer[];
  } | null;
  readonly suspicions: readonly string[];
}

/** What a survey found, and what draws its contact sheet. */
export interface Surveyed {
  readonly survey: Survey;
  readonly files: DataFiles;
  readonly facts: readonly ImageFact[];
  /** The rule of the first answer that is no question. */
  readonly report: MaskReport | null;
  readonly classes: number;
  readonly turns: ReadonlyMap<string, number>;
}

/**
 * Looks at a data source: all headers, samples, and mask numbers.
 * @param classes of the network it is meant for; default: one, and what the masks' numbers suggest
 *
 * @throws UserError when files are missing or can't be read
 */
export async function surveyData(
  source: DataSource,
  options: {
    readonly classes?: number;
    readonly onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<Surveyed> {
  const read = readOptionsOf(source);
  const files = await samplesOf(source);
  const facts = await surveyImages(files.samples, read, options.onProgress);
  const suspicions = imageSuspicions(facts);
  const paths = files.samples.flatMap(({ masks }) => masks);
  for (const mask of files.unusedMasks.slice(0, 3)) suspicions.push(`${mask} belongs to no image`);
  let masks: Survey['masks'] = null;
  let report: MaskReport | null = null;
  let classes = options.classes ?? 1;
  let turns: ReadonlyMap<string, number> = new Map();
  if (paths.length > 0) {
    const lying = await lie(files, facts, read).catch(asQuestion);
    if ('turns' in lying) ({ turns } = lying);
    else suspicions.push(`${lying.message}: ${lying.hint}`);
    const e = await examineMasks(paths, read);
    const answers: MaskAnswer[] = [];
    for (const asked of options.classes ? [options.classes] : classesToTry(e, files)) {
      const folders = files.classFolders.length > 0;
      const found = await decideMasks(e, { classes: asked, folders, read }).catch(asQuestion);
      if (!('rule' in found)) {
        answers.push({ classes: asked, warnings: [], question: found });
        continue;
      }
      if (report === null) [report, classes] = [found, asked];
      answers.push({
        classes: asked,
        rule: ruleText(found.rule),
        ...(found.ignore === undefined ? {} : { ignore: found.ignore }),
        summary: found.summary,
        warnings: found.warnings,
      });
    }
    masks = {
      files: paths.length,
      classFolders: files.classFolders,
      values: valuesOf(e.values, e.pixels),
      entries: valuesOf(e.entries, e.pixels),
      colors: e.colored.count + e.withPalette.count > 0 ? valuesOf(e.colors, e.pixels, colorName) : [],
      alpha: e.alpha.size > 1 ? valuesOf(e.alpha, e.pixels) : [],
      empty: e.empty.count,
      answers,
    };
  }
  const survey: Survey = {
    source: printSource(source),
    layout: files.layout,
    images: facts.length,
    sizes: counted(facts, ({ shape }) => shape),
    channels: counted(facts, ({ channels }) => String(channels)),
    types: counted(facts, ({ header }) => (header.bits < 8 ? `${header.bits} bit` : header.type)),
    formats: counted(facts, ({ header }) => header.format),
    spacings: counted(facts, ({ header }) => header.spacing?.map((mm) => Number(mm.toPrecision(6))).join('x')),
    range: [Math.min(...facts.map((f) => f.lowest)), Math.max(...facts.map((f) => f.highest))],
    masks,
    suspicions,
  };
  return { survey, files, facts, report, classes, turns };
}

/** The samples of a source; of a folder without masks its images alone. */
async function samplesOf(source: DataSource): Promise<DataFiles> {
  try {
    return await findSamples(source);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'masks-missing') throw error;
    const { samples } = await listImages(printSource(source));
    return { layout: 'images/ without masks/', samples, classFolders: [], unusedMasks: [] };
  }
}

interface Question {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function asQuestion(error: unknown): Question {
  if (error instanceof UserError) return { code: error.code, message: error.message, hint: error.hint ?? '' };
  throw error;
}

async function lie(
  files: DataFiles,
  facts: readonly ImageFact[],
  read: Parameters<typeof readImageHeader>[1],
): Promise<{ readonly turns: ReadonlyMap<string, number> }> {
  const pairs: PairHeaders[] = [];
  for (const [k, { masks }] of files.samples.entries()) {
    const fact = facts[k] as ImageFact;
    for (const mask of masks) {
      const header = await readImageHeader(mask, read);
      pairs.push({
        image: fact.file,
        mask,
        shape: fact.shape,
        imageExif: fact.header.exif ?? 1,
        maskExif: header.exif ?? 1,
        stored: header.shape,
      });
    }
  }
  return turnsOf(pairs, undefined);
}

/** One class, and as many as the numbers suggest. */
function classesToTry(e: Examination, files: DataFiles): number[] {
  if (files.classFolders.length > 0) return [files.classFolders.length];
  const table = e.withPalette.count > 0 ? e.entries : e.colored.count > 0 ? e.colors : e.values;
  if (e.colored.count > 0) return table.size > 2 && table.size <= 40 ? [1, table.size] : [1];
  const numbers = [...table.keys()].filter((value) => value !== 255 && value !== 65535);
  const highest = numbers.at(-1) ?? 0;
  // More numbers than this are instances, and gaps that leave most numbers out no classes.
  return Number.isInteger(highest) && highest >= 1 && highest <= 40 ? [1, highest + 1] : [1];
}

function counted(facts: readonly ImageFact[], what: (fact: ImageFact) => string | undefined): Count[] {
  const found = new Map<string, number>();
  for (const fact of facts) {
    const key = what(fact);
    if (key !== undefined) found.set(key, (found.get(key) ?? 0) + 1);
  }
  return [...found].map(([key, count]) => ({ what: key, count })).sort((a, b) => b.count - a.count);
}

/** The most frequent first, at most 256. */
function valuesOf(found: Occurrences, pixels: number, name?: (value: number) => string): MaskValue[] {
  return [...found]
    .map(([value, o]) => ({ value: name ? name(value) : value, share: o.pixels / pixels, files: o.files }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 256);
}

/** Shorter than this, a side has little to see; and a picture of more pixels than these takes gigabytes as floats. */
const tinySide = 16;
const hugePixels = 100e6;

function imageSuspicions(facts: readonly ImageFact[]): string[] {
  const found: string[] = [];
  const say = (some: readonly ImageFact[], what: string): void => {
    if (some.length > 0) found.push(`${some.length} ${what}: ${someOf(some.map(({ file }) => file))}`);
  };
  const sides = ({ shape }: ImageFact): number[] => shape.split('x').map(Number);
  say(facts.filter(({ lowest, highest }) => lowest === highest), 'of one value throughout'); // biome-ignore format: a line each
  say(facts.filter((fact) => Math.min(...sides(fact)) < tinySide), `with a side below ${tinySide}`); // biome-ignore format: a line each
  say(facts.filter((fact) => sides(fact).reduce((a, b) => a * b, 1) > hugePixels), 'of more than 100 megapixels'); // biome-ignore format: a line each
  say(facts.filter(({ header }) => header.exif !== undefined), 'with an EXIF orientation, which are turned upright'); // biome-ignore format: a line each
  say(facts.filter(({ header }) => header.lossy), 'compressed with losses'); // biome-ignore format: a line each
  for (const what of ['channels', 'type'] as const) {
    const kinds = counted(facts, (fact) => (what === 'channels' ? String(fact.channels) : fact.header.type));
    if (kinds.length > 1) {
      const list = kinds.map((k) => `${k.count} of ${what === 'channels' ? `${k.what} channels` : k.what}`).join(', ');
      found.push(`images differ in their ${what}: ${list}`);
    }
  }
  const byHash = new Map<string, ImageFact[]>();
  for (const fact of facts) byHash.set(fact.hash, [...(byHash.get(fact.hash) ?? []), fact]);
  const doubled = [...byHash.values()].filter((same) => same.length > 1);
  if (doubled.length > 0) {
    const first = doubled[0] as ImageFact[];
    found.push(
      `${doubled.length} ${doubled.length === 1 ? 'image is' : 'images are'} there more than once, byte for byte (${first.slice(0, 3).map(({ file }) => file).join(' = ')}): a split may put one on both sides`,
    ); // biome-ignore format: a line each
  }
  const oneFold = facts.filter(({ name }) => /[^\x20-\x7e]/.test(name) || name !== name.trim() || name.startsWith('#'));
  say(oneFold, 'with unusual characters in the name (lists of names quote what they must)');
  return found;
}

export { drawTiles, sheetPng, type Tile } from './sheet.js';
