// `npm run demo`: works on a fresh clone; needs no data and no network beyond the package registry.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

await prepare();
process.chdir(root);
const { runDemo } = await import(pathToFileURL(join(root, 'dist/cli/demo.js')).href);
await runDemo();
