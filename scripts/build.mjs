// Compiles TypeScript into dist/, then gathers the command line into few files in dist/app/: reading two hundred small
// modules takes a short command like `check` as long as all it has to do.
import { rmSync } from 'node:fs';
import { writeCatalogue } from './catalogue.mjs';
import { binary, root, run } from './prepare.mjs';

export async function build() {
  writeCatalogue();
  run(process.execPath, [binary('typescript', 'tsc'), '-p', 'tsconfig.build.json']);
  const { rolldown } = await import('rolldown');
  rmSync(new URL('../dist/app', import.meta.url), { recursive: true, force: true });
  const bundle = await rolldown({
    input: `${root}dist/cli/main.js`,
    platform: 'node',
    // With native code, or read as files: these stay packages. chevrotain is loaded by path (grammar/chevrotain.ts).
    external: ['onnxruntime-node', 'sharp', 'uplot', 'chevrotain', 'koffi', 'undici', 'yauzl'],
    logLevel: 'warn',
  });
  await bundle.write({ dir: `${root}dist/app`, format: 'esm', minify: true });
  await bundle.close();
}

if (process.argv[1]?.endsWith('build.mjs')) await build();
