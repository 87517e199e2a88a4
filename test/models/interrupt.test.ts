import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImage } from '../cli/fixtures.js';
import { installed } from '../openvino/installed.js';
import { attribute, crafted, info, node } from './crafted.js';

const launcher = fileURLToPath(new URL('../../cli/unetc.mjs', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'unetc-interrupt-'));
  await writeImage(join(folder, 'photo.png'));
  const bool = 9;
  writeFileSync(
    join(folder, 'endless.onnx'),
    crafted((m) => {
      m.graph.initializer.push({ name: 'yes', dims: [], dataType: bool, rawData: Uint8Array.of(1) });
      const body = {
        name: 'body',
        input: [info('round', [], 7), info('go', [], bool), info('v', ['N', 1, 'H', 'W'])],
        output: [info('on', [], bool), info('next', ['N', 1, 'H', 'W'])],
        node: [node('Identity', ['go'], ['on']), node('Sigmoid', ['v'], ['next'])],
      };
      m.graph.node = [
        node('Conv', ['image', 'w', 'b'], ['logits']),
        node('Loop', ['', 'yes', 'logits'], ['mask'], [attribute.graph('body', body)]),
      ];
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([['ort', true] as const, ['openvino', installed] as const])(
  'a model without end on %s',
  (engine, there) => {
    it.skipIf(!there).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is ended by %s', async (signal) => {
      const argv = ['predict', 'endless.onnx', 'photo.png', '-o', 'masks', '--engine', engine, '--trust'];
      const child = spawn(process.execPath, [launcher, ...argv], { cwd: folder, stdio: 'ignore' });
      const ended = new Promise<readonly unknown[]>((resolve) => child.on('exit', (...how) => resolve(how)));
      // Whenever it comes, while the model is read, opened or run, it ends the process; most likely in the midst of the run.
      await sleep(6000);
      expect(child.exitCode).toBe(null);
      child.kill(signal);
      const how = await Promise.race([ended, sleep(20_000, 'it goes on')]);
      child.kill('SIGKILL');
      // 130 is our own end, where it came before the run.
      expect([[null, signal], ...(signal === 'SIGINT' ? [[130, null]] : [])]).toContainEqual(how);
    });
  },
);
