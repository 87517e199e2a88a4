import { type ImageFiles, listImages } from '../../data/folder.js';
import { type DataFormat, type Dataset, mapEach, openFolder, readPicture } from '../../data/index.js';
import { prepare } from '../../prediction/inference.js';
import type { Plane } from '../../prediction/tiling.js';
import type { Task } from '../../run/task.js';
import { stream } from '../../support/random.js';
import { UserError } from '../../support/user-error.js';

/** More show little new of what values a network takes (docs/quantize.md). */
const mostImages = 64;

/** A folder to calibrate with. */
export interface CalibrationFolder extends ImageFiles {
  readonly folder: string;
  /** Its images with masks; null where there is no `masks/`. */
  readonly dataset: Dataset | null;
}

/**
 * Opens `images/` of a folder, and `masks/` where it is.
 * @throws UserError naming the file and the way out
 */
export async function openCalibration(folder: string, format: DataFormat): Promise<CalibrationFolder> {
  const { channels } = format;
  if (channels !== 1 && channels !== 3) {
    const message = `the network takes ${channels} channels, but images have 1 (grey) or 3 (RGB)`;
    throw new UserError('input-channels', message, 'quantize networks of grey or colour images');
  }
  const files = await listImages(folder);
  return { ...files, folder, dataset: files.hasMasks ? await openFolder(folder, format) : null };
}

/**
 * The images to measure ranges on, as the network takes them: at most 64, drawn by the seed from those that nothing is judged
 * by, or from all where there are no others.
 */
export async function calibrationImages(
  { images }: CalibrationFolder,
  options: { readonly task: Task; readonly judged: readonly string[]; readonly seed: number },
): Promise<readonly Plane[]> {
  const { task, seed } = options;
  const judged = new Set(options.judged);
  const all = [...images.keys()];
  const others = all.filter((name) => !judged.has(name));
  const names = stream(seed, 'calibrate').shuffle(others.length > 0 ? others : all);
  const channels = task.channels === 1 ? 1 : 3;
  const read = async (name: string): Promise<Plane> =>
    prepare(await readPicture(images.get(name) as string, channels), task);
  return mapEach(names.slice(0, mostImages), read);
}
