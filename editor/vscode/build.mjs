// Gathers the client and the language server into a file each, in dist/, with all that the packed extension has beside them. The
// server is the one of this checkout, so the checkout's own packages are installed first, where they are not.
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** Gathers a file and all that it imports into one; answers what went into it. */
async function bundle(input, file, format, options) {
  // The checkout's; there once it is installed.
  const { rolldown } = await import('rolldown');
  const made = await rolldown({ input: at(input), platform: 'node', logLevel: 'warn', ...options });
  const { output } = await made.write({ file, format, minify: true, codeSplitting: false });
  await made.close();
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

const bundleClient = (file) => bundle('client/extension.ts', file, 'cjs', { external: ['vscode'] });

/** The server runs wherever its one file is put, on Node alone. */
export const bundleServer = (file) =>
  // chevrotain is to come from the file, not from a folder that happens to be there (grammar/chevrotain.ts).
  bundle('server/main.ts', file, 'esm', { transform: { define: { 'import.meta.resolve': 'undefined' } } });

async function build() {
  install();
  rmSync(at('dist'), { recursive: true, force: true });
  const modules = [...(await bundleClient(at('dist/client.cjs'))), ...(await bundleServer(at('dist/server.mjs')))];
  writeFileSync(at('dist/third-party-licences.txt'), licencesOf(modules));
  copyFileSync(at('../unet.tmLanguage.json'), at('dist/unet.tmLanguage.json'));
  copyFileSync(at('../../LICENSE'), at('LICENSE'));
}

if (process.argv[1]?.endsWith('build.mjs')) await build();
