#!/usr/bin/env node
// The launcher: everything else is compiled from TypeScript into dist/.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  const { runProcess } = await import(main.href);
  await runProcess();
} else {
  process.stderr.write("unetc is not built yet: run 'npm run build' first (after 'npm ci')\n");
  process.exitCode = 2;
}
