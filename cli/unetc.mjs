#!/usr/bin/env node
// The launcher: everything else is compiled from TypeScript into dist/ and gathered in dist/app/.
import { existsSync } from 'node:fs';
import * as modules from 'node:module';

const main = new URL('../dist/app/main.js', import.meta.url);
if (existsSync(main)) {
  // Node 22 and later keep compiled code from run to run.
  modules.enableCompileCache?.();
  const { runProcess } = await import(main.href);
  await runProcess();
} else {
  process.stderr.write("unetc is not built yet: run 'npm run build' first (after 'npm ci')\n");
  process.exitCode = 2;
}
