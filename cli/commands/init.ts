import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { failedWith, fileFailure } from '../../runtime/files/failure.js';
import { UserError } from '../../runtime/user-error.js';
import { UsageError } from '../errors.js';
import type { Outcome } from '../io.js';

/** `unetc init [NAME]`: writes NAME.unet; an existing file is left alone. */
export async function init(name = 'network'): Promise<Outcome> {
  const file = name.endsWith('.unet') ? name : `${name}.unet`;
  const network = networkName(basename(file, '.unet'));
  try {
    await writeFile(file, await starterSpec(network), { flag: 'wx' });
  } catch (error) {
    if (failedWith(error, 'EEXIST')) {
      throw new UserError(
        'exists',
        `${file} exists already and was left as it is`,
        'give another name, as in unetc init cells',
      );
    }
    throw fileFailure('write', file, error);
  }
  return { json: { file, network }, text: `wrote ${file}; next: unetc check ${file}` };
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
