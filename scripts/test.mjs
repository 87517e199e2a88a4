// `npm test [-- vitest arguments]`: works on a fresh clone.
import { binary, prepare, run } from './prepare.mjs';

await prepare();
run(process.execPath, [binary('vitest'), 'run', ...process.argv.slice(2)]);
