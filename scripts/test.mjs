// `npm test [-- vitest arguments]`: works on a fresh clone. Types and style first: they take seconds.
import { binary, prepare, run } from './prepare.mjs';

await prepare();
run(process.execPath, [binary('typescript', 'tsc'), '-p', 'tsconfig.json']);
run(process.execPath, [binary('@biomejs/biome', 'biome'), 'check', '.']);
run(process.execPath, [binary('vitest'), 'run', ...process.argv.slice(2)]);
