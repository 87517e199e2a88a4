// Compiles the TypeScript to dist/, then gives the parser its packed form of chevrotain: the package's own entry point
// loads 700 small files, which takes four times as long as all the rest of `unetc check`.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, root, run } from './prepare.mjs';

const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
run(process.execPath, [binary('typescript', 'tsc'), '-p', 'tsconfig.build.json']);

const packed = join(root, 'node_modules/chevrotain/lib/chevrotain.min.mjs');
if (existsSync(packed)) {
  mkdirSync(join(dist, 'vendor'), { recursive: true });
  copyFileSync(packed, join(dist, 'vendor/chevrotain.mjs'));
  copyFileSync(join(root, 'node_modules/chevrotain/LICENSE.txt'), join(dist, 'vendor/chevrotain.LICENSE.txt'));
  for (const file of readdirSync(join(dist, 'grammar')).filter((name) => name.endsWith('.js'))) {
    const path = join(dist, 'grammar', file);
    const text = readFileSync(path, 'utf8');
    const linked = text.replace(/from 'chevrotain'/g, "from '../vendor/chevrotain.mjs'");
    if (linked !== text) writeFileSync(path, linked);
  }
}
