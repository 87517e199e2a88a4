import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../../compiler/user-error.js';
import { writeNew } from '../../runtime/support/files/atomic.js';
import { failedWith, fileFailure } from '../../runtime/support/files/failure.js';
import { UsageError } from '../errors.js';
import type { Outcome } from '../io.js';

export interface InitOptions {
  readonly data?: string;
}

/** What `--data` generates: enough to see a network learn, in seconds. */
const samples = { count: 48, size: 96, seed: 2018 };

/** `unetc init [NAME] [--data DIR]`: writes NAME.unet, and images to try it on; what exists is left alone. */
export async function init(name = 'network', { data }: InitOptions = {}): Promise<Outcome> {
  const file = name.endsWith('.unet') ? name : `${name}.unet`;
  const network = networkName(basename(file, '.unet'));
  if (data !== undefined) await refuseFull(data);
  const text = await starterSpec(network);
  const made = await writeNew(file, text).catch((error: unknown) => {
    throw fileFailure('write', file, error);
  });
  if (!made) {
    throw new UserError(
      'exists',
      `${file} exists already and was left as it is`,
      'give another name, as in unetc init cells',
    );
  }
  const next = `wrote ${file}; next: unetc check ${file}`;
  if (data === undefined) return { json: { file, network }, text: next };
  const { generateNuclei } = await import('../../runtime/data/generate/nuclei.js');
  await generateNuclei(data, samples);
  const drawn = `drew ${samples.count} pictures of nuclei in ${data}/images, their masks in ${data}/masks`;
  return { json: { file, network, data, images: samples.count }, text: `${drawn}\n${next}` };
}

/** Only a new or empty folder is drawn into, so that no picture of the user's is lost or mixed with others. */
async function refuseFull(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return;
    throw fileFailure('read', folder, error);
  }
  throw new UserError('exists', `${folder} holds files already and was left as it is`, 'give the name of a new folder');
}

/** `my-cells` -> `MyCells` */
function networkName(stem: string): string {
  const name = stem
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  if (!/^[A-Za-z]/.test(name))
    throw new UsageError(`${stem} can't name a network`, 'begin with a letter, as in unetc init cells');
  return name;
}

/** specs/starter.unet under another network's name. It lies two folders up in a checkout, three in a build. */
async function starterSpec(network: string): Promise<string> {
  const rename = (text: string): string => text.replace(/^network \w+/m, `network ${network}`);
  try {
    return rename(await readFile(new URL('../../../specs/starter.unet', import.meta.url), 'utf8'));
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
    return rename(await readFile(new URL('../../specs/starter.unet', import.meta.url), 'utf8'));
  }
}
