import { extname } from 'node:path';
import { drawTiles, sheetPng, surveyData } from '../../runtime/data/survey/index.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { UsageError } from '../errors.js';
import { type ReadFlags, readOptions } from '../flags/data.js';
import { parseCount } from '../flags/options.js';
import type { Io, Outcome } from '../io.js';
import { progressBar } from '../render/progress.js';
import { surveyPage, surveyText } from '../render/survey.js';

export interface DataCommandOptions extends ReadFlags {
  readonly out?: string;
  readonly classes?: string;
}

/** `unetc data DATA`: what a data set holds, how its masks will be read, and what is strange about it. */
export async function data(at: string, options: DataCommandOptions, io: Io): Promise<Outcome> {
  const ending = options.out === undefined ? '' : extname(options.out).toLowerCase();
  if (options.out !== undefined && ending !== '.png' && ending !== '.html') {
    throw new UsageError(`-o ${options.out} is neither a .png nor a .html file`, 'as in -o sheet.png');
  }
  const read = readOptions(options);
  const classes = options.classes === undefined ? undefined : parseCount(options.classes, '--classes', 1, 255);
  const bar = await progressBar(io, 'looking');
  const surveyed = await surveyData(
    { at, read },
    { ...(classes === undefined ? {} : { classes }), onProgress: (done, total) => bar.update(done, total) },
  ).finally(() => bar.stop());
  if (options.out !== undefined) {
    const tiles = await drawTiles(surveyed, read);
    await writeAtomic(options.out, ending === '.png' ? await sheetPng(tiles) : surveyPage(surveyed.survey, tiles));
  }
  const sheet = options.out === undefined ? {} : { sheet: options.out };
  return { json: { ...surveyed.survey, ...sheet }, text: surveyText(surveyed.survey, options.out) };
}
