// Real images, where they lie beside the checkout or a worktree of it; none of them is part of the project.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of nuclei (images/, masks/), or undefined. */
export const realImages = ['../../../shared/data/dsb2018', '../../../../shared/data/dsb2018']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));
