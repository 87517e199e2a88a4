import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMemory } from '../../cli/flags/batch-memory.js';
import { memoryChart } from '../../cli/render/memory-chart.js';
import { tinySpec, writeData, writeSpec } from './fixtures.js';
import { inFolder, unetc } from './io.js';

inFolder('memory', async () => {
  await writeSpec('tiny.unet');
  await writeSpec('free.unet', (text) => text.replace(/^\s*batch\s*=\s*\d+.*$/m, ''));
  await writeData('data');
});

interface Planned {
  readonly batch: number;
  readonly nodes: readonly { readonly live: number }[];
  readonly memoryLimit: { readonly bytes: number; readonly from: string };
  readonly batchMemory: readonly {
    readonly engine: string;
    readonly processBytes: number;
    readonly imageBytes: number;
    readonly fixedBytes: number;
    readonly largestBatch: number;
  }[];
  readonly peak: {
    readonly step: number;
    readonly alive: readonly { readonly bytes: number; readonly from: number; readonly to: number }[];
  };
}

async function planned(...argv: readonly string[]): Promise<Planned> {
  const { exit, stdout, stderr } = await unetc('plan', 'tiny.unet', ...argv, '--json');
  expect(exit, stderr).toBe(0);
  return JSON.parse(stdout) as Planned;
}

describe('plan', () => {
  it.each([[[]], [['--train']]])('%j names all that is alive when most is', async (flags: string[]) => {
    const { nodes, peak } = await planned(...flags);
    const most = Math.max(...nodes.map((n) => n.live));
    expect(nodes[peak.step - 1]?.live).toBe(most);
    expect(peak.alive.reduce((n, v) => n + v.bytes, 0)).toBe(most);
    for (const { from, to } of peak.alive) {
      expect(from).toBeLessThanOrEqual(peak.step);
      expect(to).toBeGreaterThanOrEqual(peak.step);
    }
  });

  it.each([[[]], [['--train']]])(
    '%j says the largest batch that fits, and one more does not',
    async (flags: string[]) => {
      const { batchMemory, memoryLimit } = await planned(...flags, '--memory', '700MB');
      expect(memoryLimit).toEqual({ bytes: 700e6, from: '--memory' });
      for (const { engine, largestBatch } of batchMemory) {
        const at = async (batch: number) => {
          const { batchMemory: found } = await planned(...flags, '--memory', '700MB', '--batch', String(batch));
          return found.find((f) => f.engine === engine)?.processBytes ?? 0;
        };
        expect(await at(largestBatch)).toBeLessThanOrEqual(700e6);
        expect(await at(Math.ceil(1.02 * largestBatch) + 1)).toBeGreaterThan(700e6);
      }
    },
  );

  it('draws at most 80 columns, and says whose memory is counted', async () => {
    const { stdout } = await unetc('plan', 'tiny.unet', '--train');
    const chart = stdout.split('\n').filter((line) => line.includes('│'));
    expect(chart).toHaveLength(8);
    for (const line of chart) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^most at step [\d,]+, /m);
    expect(stdout).toContain('(this machine)');
  });

  it('refuses an amount that is none', async () => {
    expect(await unetc('plan', 'tiny.unet', '--memory', 'lots')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--memory lots is not an amount of memory'),
    });
  });
});

it('a bar is as high as the highest step that it stands for', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 300 }), (live) => {
      const lines = memoryChart(live, { width: 40, height: 4 });
      expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(40);
      const rows = lines.filter((l) => l.includes('│')).map((l) => l.slice(l.indexOf('│') + 1));
      expect(rows).toHaveLength(4);
      // The top line is touched where most is alive, and only if anything is.
      expect(/[▁-█]/.test(rows[0] as string)).toBe(Math.max(...live) > 0);
    }),
  );
});

it('amounts of memory are read as they are written', () => {
  expect(['2GB', '1.5 GiB', '800M', '64k', '123', '1 tb'].map((text) => parseMemory(text))).toEqual([
    2e9,
    1.5 * 2 ** 30,
    800 * 2 ** 20,
    65536,
    123,
    1e12,
  ]);
  for (const text of ['', '-1', '0', '2 QB', 'GB', '1e400', '99999999999999TB']) {
    expect(() => parseMemory(text)).toThrow('is not an amount of memory');
  }
});

describe('train --memory', () => {
  const train = (spec: string, out: string, ...more: readonly string[]) =>
    unetc('train', spec, '--data', 'data', '--out', out, '--epochs', '1', ...more);
  const batchOf = (run: string): number =>
    (JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as { recipe: { batch: number } }).recipe.batch;

  it('takes the largest batch that fits, of the images there are', async () => {
    const { exit, stderr } = await train('free.unet', 'largest', '--memory', '2GB');
    expect(exit, stderr).toBe(0);
    expect(stderr).toMatch(/^batch \d+, all images there are; [\d,]+ would fit 1\.86 GiB \(/m);
    expect(batchOf('largest')).toBeGreaterThan(1);
  });

  it('keeps a batch that is given, and says whether it fits', async () => {
    const given = Number(/batch\s*=\s*(\d+)/.exec(tinySpec)?.[1]);
    const fits = await train('tiny.unet', 'spec-batch', '--memory', '2GB');
    expect(fits.stderr).toContain(`the batch of ${given} that the spec gives fits 1.86 GiB`);
    expect(batchOf('spec-batch')).toBe(given);
    const over = await train('tiny.unet', 'flag-batch', '--batch', '3', '--memory', '100MB');
    expect(over.exit).toBe(0);
    expect(over.stderr).toContain('warning: the batch of 3 that --batch gives does not fit 95.4 MiB');
    expect(batchOf('flag-batch')).toBe(3);
  });

  it('refuses where not one image fits', async () => {
    expect(await train('free.unet', 'nothing', '--memory', '50MB')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('one image does not fit 47.7 MiB'),
    });
  });
});
