// `npm run docs`: docs/ as a static site in docs/site/dist. Its generator is installed into docs/site on the first run.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

const cwd = join(root, 'docs', 'site');
if (!existsSync(join(cwd, 'node_modules', 'vitepress'))) run('npm', ['ci'], { cwd });
run('npm', ['run', 'build'], { cwd });
