// Compiles TypeScript into dist/, then gathers the command line into few files in dist/app/: reading two hundred small
// modules takes a short command like `check` as long as all it has to do.
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeCatalogue } from './catalogue.mjs';
import { binary, root, run } from './prepare.mjs';

/** A module of dist/ and all that it imports, not counting what it imports when it runs. */
function reached(module, found = new Set()) {
  if (found.has(module)) return found;
  found.add(module);
  for (const [, path] of readFileSync(module, 'utf8').matchAll(/^(?:import|export)\b[^;]*?['"](\.[^'"]+\.js)['"]/gm))
    reached(fileURLToPath(new URL(path, `file://${module}`)), found);
  return found;
}

/** grammar/chevrotain.ts looks for the parser library's one file when it runs; here it is there, and comes along. */
const parserLibrary = {
  name: 'parser-library',
  load(id) {
    if (id !== `${root}dist/grammar/chevrotain.js`) return null;
    const names = /export const \{([^}]*)\}/.exec(readFileSync(id, 'utf8'))[1];
    const file = fileURLToPath(new URL('../chevrotain.mjs', import.meta.resolve('chevrotain')));
    return `export {${names}} from ${JSON.stringify(file)};`;
  },
};

/** commander loads what starts processes, for subcommands that are programs of their own; there is none here. */
const noProcesses = {
  name: 'no-processes',
  transform(code, id) {
    if (!id.endsWith('commander/lib/command.js')) return null;
    const line = "const childProcess = require('node:child_process');";
    if (!code.includes(line)) throw new Error(`${id} has no line ${line}`);
    return code.replace(
      line,
      "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };",
    );
  },
};

export async function build() {
  writeCatalogue();
  run(process.execPath, [binary('typescript', 'tsc'), '-p', 'tsconfig.build.json']);
  const { rolldown } = await import('rolldown');
  rmSync(new URL('../dist/app', import.meta.url), { recursive: true, force: true });
  const bundle = await rolldown({
    input: `${root}dist/cli/main.js`,
    platform: 'node',
    // With native code, or read as files: these stay packages.
    external: ['onnxruntime-node', 'sharp', 'uplot', 'koffi', 'undici', 'yauzl'],
    plugins: [parserLibrary, noProcesses],
    logLevel: 'warn',
    // A module that one command waits for and another always needs.
    checks: { ineffectiveDynamicImport: false },
  });
  // What every command needs is one file, and what `check` needs beside is another.
  const always = reached(`${root}dist/cli/main.js`);
  const checking = reached(`${root}dist/cli/commands/check.js`);
  const groups = [
    { name: 'always', test: (id) => always.has(id) && !id.endsWith('/cli/main.js') },
    { name: 'checking', test: (id) => checking.has(id) || id.endsWith('/chevrotain.mjs') },
  ];
  await bundle.write({ dir: `${root}dist/app`, format: 'esm', minify: true, codeSplitting: { groups } });
  await bundle.close();
}

if (process.argv[1]?.endsWith('build.mjs')) await build();
