import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { fileFailure } from '../../support/files/failure.js';
import { sha256Of } from './hash.js';
import type { WheelFile } from './install.js';
import type { Build, Wheel } from './library.js';

/** What fetches a wheel on any machine with pip, for a machine without a network. */
export const pipCommand = ({ project, version, platform }: Wheel): string =>
  `pip download --no-deps --only-binary=:all: --python-version 3.12 --platform ${platform} ${project}==${version}`;

/**
 * The wheels of a build among files that were fetched by hand, found by size and SHA-256 whatever their names.
 *
 * @param paths wheels, or folders that hold them
 */
export async function givenWheels(build: Build, paths: readonly string[], signal?: AbortSignal): Promise<WheelFile[]> {
  const given = (await Promise.all(paths.map(wheelsAt))).flat();
  const found: WheelFile[] = [];
  for (const { path, bytes } of given) {
    if (!build.wheels.some((wheel) => wheel.bytes === bytes)) continue;
    const sha256 = await sha256Of(path, signal);
    const wheel = build.wheels.find((w) => w.sha256 === sha256);
    if (wheel && !found.some((f) => f.wheel === wheel)) found.push({ wheel, path, ours: false });
  }
  const lacking = build.wheels.filter((wheel) => !found.some((f) => f.wheel === wheel));
  const [first] = lacking;
  if (first === undefined) return found;
  const more = lacking.length > 1 ? ` and ${lacking.length - 1} more` : '';
  throw new UserError(
    'wheel-given',
    `${paths.join(', ')}: not ${first.file} of SHA-256 ${first.sha256}${more}, which unetc was tested with`,
    `fetch it with: ${pipCommand(first)}${more ? "; 'unetc engine list --json' has them all" : ''}`,
  );
}

async function wheelsAt(path: string): Promise<{ path: string; bytes: number }[]> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return [{ path, bytes: found.size }];
    const names = (await readdir(path)).filter((name) => name.endsWith('.whl')).sort();
    return await Promise.all(
      names.map(async (name) => ({ path: join(path, name), bytes: (await stat(join(path, name))).size })),
    );
  } catch (error) {
    throw fileFailure('read', path, error);
  }
}
