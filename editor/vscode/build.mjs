// Gathers the client and the language server into a file each, in dist/, with all that the packed extension has beside them. The
// server is the one of this checkout, so the checkout's own packages are installed first, where they are not.
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { install } from '../../scripts/prepare.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Every package of which something is in the files, with its licence as it came. */
function licencesOf(modules) {
  const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []));
  const texts = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'License.txt'].find((f) => existsSync(`${folder}/${f}`));
    if (file === undefined) throw new Error(`${name} ${version} comes without the text of its licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
  });
  return [...new Set(texts)].sort().join(`\n${'-'.repeat(80)}\n\n`);
}

async function bundle(input, file, format, options = {}) {
  const { rolldown } = createRequire(at('../../package.json'))('rolldown');
  const made = await rolldown({ input: at(input), platform: 'node', logLevel: 'warn', ...options });
  const { output } = await made.write({ file: at(file), format, minify: true, codeSplitting: false });
  await made.close();
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

install();
rmSync(at('dist'), { recursive: true, force: true });
const modules = [
  ...(await bundle('client/extension.ts', 'dist/client.cjs', 'cjs', { external: ['vscode'] })),
  // chevrotain is to come from the file, not from a folder that happens to be there (grammar/chevrotain.ts).
  ...(await bundle('server/main.ts', 'dist/server.mjs', 'esm', {
    transform: { define: { 'import.meta.resolve': 'undefined' } },
  })),
];
writeFileSync(at('dist/third-party-licences.txt'), licencesOf(modules));
copyFileSync(at('../unet.tmLanguage.json'), at('dist/unet.tmLanguage.json'));
copyFileSync(at('../../LICENSE'), at('LICENSE'));
