// Packs what build.mjs made into one file that VS Code installs. The same sources give the same bytes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The dates of the files in the archive: zip files begin with 1980 and know no time zone.
process.env.TZ = 'UTC';
process.env.SOURCE_DATE_EPOCH ??= String(Date.UTC(1980, 0, 2) / 1000);
const { createVSIX } = await import('@vscode/vsce');

const cwd = fileURLToPath(new URL('.', import.meta.url));
const { version } = JSON.parse(readFileSync(`${cwd}package.json`, 'utf8'));
await createVSIX({
  cwd,
  packagePath: `${cwd}unetc-vscode-${version}.vsix`,
  // All that runs is in dist/.
  dependencies: false,
  allowMissingRepository: true,
});
