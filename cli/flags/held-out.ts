import { someOf } from '../../compiler/user-error.js';
import type { Dataset } from '../../runtime/data/index.js';
import { split } from '../../runtime/data/index.js';
import { fairImages, trainedOn } from '../../runtime/evaluation/fair-images.js';
import { readRunImages } from '../../runtime/run/images.js';
import type { RunRecord } from '../../runtime/run/run-folder.js';
import type { Io } from '../io.js';

/** Which images were judged, for text and JSON. */
export interface JudgedData {
  readonly folder: string;
  /** How many were judged. */
  readonly images: number;
  /** How many the folder has. */
  readonly of: number;
  /** `held-out`: those the run held out; `all`; or `named` by --split. */
  readonly split: 'held-out' | 'all' | 'named';
  /** Those of them that are, by content, images the run was trained on; null for a model file, which doesn't say. */
  readonly trainedOn: readonly string[] | null;
}

export interface JudgedImages {
  readonly dataset: Dataset;
  readonly data: JudgedData;
}

/** A run, and where it lies. */
export interface RunAt {
  readonly folder: string;
  readonly record: RunRecord;
}

/**
 * The images of a folder that are fair to judge a run on: those named; else those the run held out, in the data it was trained on;
 * in any other data, or for weights of no run, all. Warns when they are not as fair as they look.
 */
export async function imagesToJudge(
  dataset: Dataset,
  run: RunAt | null,
  named: readonly string[] | undefined,
  io: Io,
): Promise<JudgedImages> {
  const of = dataset.names.length;
  const say = (chosen: Dataset, how: JudgedData['split'], seen: readonly string[] | null): JudgedImages => ({
    dataset: chosen,
    data: { folder: dataset.folder, images: chosen.names.length, of, split: how, trainedOn: seen },
  });
  if (named || !run) {
    const chosen = named ? namedImages(dataset, named) : dataset;
    const seen = run && (await trainedOn(chosen, run.record, await readRunImages(run.folder)));
    if (run) warnOfTraining(run.folder, seen ?? [], chosen, io);
    return say(chosen, named ? 'named' : 'all', seen);
  }
  const { record, folder } = run;
  const fair = await fairImages(dataset, record, await readRunImages(folder));
  if (fair.missing > 0) {
    const there = record.heldOut.length - fair.missing;
    io.err(`warning: ${dataset.folder} has ${there} of the ${record.heldOut.length} images the run held out\n`);
  }
  if (fair.split === 'held-out' && fair.added > 0) {
    io.err(
      `warning: ${dataset.folder} has ${fair.added} images that it did not have when the run was trained: they are not judged; --split names them\n`,
    );
  }
  if (fair.trainedOn.length === fair.dataset.names.length) {
    const why = record.heldOut.length === 0 ? 'the run held nothing out, so ' : '';
    io.err(`warning: ${why}these images are those it was trained on\n`);
  } else warnOfTraining(folder, fair.trainedOn, fair.dataset, io);
  return say(fair.dataset, fair.split, fair.trainedOn);
}

function warnOfTraining(run: string, seen: readonly string[], { folder, names }: Dataset, io: Io): void {
  if (seen.length === 0) return;
  const which = seen.length === 1 ? '1 image' : `${seen.length} images`;
  io.err(
    `warning: ${run} was trained on ${which} of the ${names.length} judged in ${folder} (same content): ${someOf(seen)}\n`,
  );
}

/** The images of a folder that are named. `split` wants something left to train on; to judge, all may be named. */
export function namedImages(dataset: Dataset, names: readonly string[]): Dataset {
  const wanted = new Set(names);
  const all = dataset.names.every((name) => wanted.has(name));
  return all ? dataset : split(dataset, { names }).held;
}

/** `12 held-out images of 60 in data/nuclei` */
export function dataText({ folder, images, of, split: how }: JudgedData): string {
  const noun = images === 1 ? 'image' : 'images';
  if (how === 'held-out') return `${images} held-out ${noun} of ${of} in ${folder}`;
  return how === 'named' ? `${images} named ${noun} of ${of} in ${folder}` : `all ${images} ${noun} of ${folder}`;
}
