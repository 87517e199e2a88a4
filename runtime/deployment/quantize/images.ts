import { stream } from '../../../compiler/random.js';
import { type ImageFolder, listImages } from '../../data/folder.js';
import { type DataFormat, type Dataset, mapEach, openFolder, readPicture, type SampleFiles } from '../../data/index.js';
import { prepare } from '../../prediction/inference.js';
import type { Plane } from '../../prediction/tiling.js';
import type { Task } from '../../run/task.js';

/** More show little new of what values a network takes (docs/quantize.md). */
const mostImages = 64;

/** A folder to calibrate with. */
export interface CalibrationFolder extends ImageFolder {
  readonly folder: string;
  /** Its images with masks; null where there is no `masks/`. */
  readonly dataset: Dataset | null;
}

/**
 * Opens `images/` of a folder, and `masks/` where it is.
 * @throws UserError naming the file and the way out
 */
export async function openCalibration(folder: string, format: DataFormat): Promise<CalibrationFolder> {
  const files = await listImages(folder);
  return { ...files, folder, dataset: files.hasMasks ? await openFolder(folder, format) : null };
}

/**
 * The images to measure ranges on, as the network takes them: at most 64, drawn by the seed from those that nothing is judged
 * by, or from all where there are no others.
 */
export async function calibrationImages(
  { samples }: CalibrationFolder,
  options: { readonly task: Task; readonly judged: readonly string[]; readonly seed: number },
): Promise<readonly Plane[]> {
  const { task, seed } = options;
  const judged = new Set(options.judged);
  const others = samples.filter(({ name }) => !judged.has(name));
  const chosen = stream(seed, 'calibrate').shuffle([...(others.length > 0 ? others : samples)]);
  const read = async ({ images }: SampleFiles): Promise<Plane> =>
    prepare(await readPicture(images, task.channels), task);
  return mapEach(chosen.slice(0, mostImages), read);
}
