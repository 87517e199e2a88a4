import { existsSync } from 'node:fs';
import { appendFile, lstat, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeFolder, writeAtomic } from '../../runtime/support/files/atomic.js';
import { fileFailure } from '../../runtime/support/files/failure.js';
import { appendRecord, keepEpochs, readRecords } from '../../runtime/support/files/json-lines.js';
import { cases } from '../cases.js';
import { failure, inFolder } from './fixtures.js';

describe('writeAtomic', () => {
  test('writes text, bytes and chunks, over what was there, and leaves nothing else', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'a');
      for (const content of ['text', Buffer.from('bytes'), [Buffer.from('chu'), Buffer.from('nks')]])
        await writeAtomic(file, content);
      expect(await readFile(file, 'utf8')).toBe('chunks');
      expect(await readdir(folder)).toEqual(['a']);
    });
  });

  test('a failure in the middle leaves the old file and no temporary one', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'a');
      await writeAtomic(file, 'old');
      async function* full(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half of the new');
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      }
      const error = await failure(writeAtomic(file, full()));
      expect(error.message).toBe(`can't write ${file}: no space left on the disk`);
      expect(await readFile(file, 'utf8')).toBe('old');
      expect(await readdir(folder)).toEqual(['a']);
    });
  });

  test('writers of one file at a time: one of them wins whole', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'a');
      const contents = Array.from({ length: 8 }, (_, k) => String(k).repeat(100_000));
      await Promise.all(contents.map((content) => writeAtomic(file, content)));
      expect(contents).toContain(await readFile(file, 'utf8'));
      expect(await readdir(folder)).toEqual(['a']);
    });
  });

  test('names the place and the reason', async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      const says = async (path: string): Promise<string> =>
        (await failure(writeAtomic(join(folder, path), 'x'))).message;
      expect(await says('none/a')).toMatch(/can't write .*none\/a: its folder does not exist/);
      expect(await says('file/a')).toMatch(/file\/a: a part of the path is a file, not a folder/);
      expect(await says('')).toMatch(/it is a folder/);
      expect(await says('n'.repeat(300))).toMatch(/the name is too long/);
      expect((await failure(makeFolder(join(folder, 'file')))).message).toMatch(/a file of that name is in the way/);
    });
  });

  test.skipIf(!existsSync('/dev/full'))(
    'writes to a device as it is, and reports it full (skipped where there is no /dev/full)',
    async () => {
      expect((await failure(writeAtomic('/dev/full', 'x'))).message).toBe(
        "can't write /dev/full: no space left on the disk",
      );
      expect((await lstat('/dev/full')).isCharacterDevice()).toBe(true);
    },
  );

  test('follows a link, and removes what a killed writer left an hour ago, but not what one is writing', async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'real'));
      await writeFile(join(folder, 'real/a'), 'old');
      await symlink(join(folder, 'real/a'), join(folder, 'link'));
      const [stale, recent] = ['.a.123-0.unetc-tmp', '.a.124-0.unetc-tmp'].map((name) => join(folder, 'real', name));
      await writeFile(stale!, 'x');
      await writeFile(recent!, 'x');
      await utimes(stale!, 1, 1);
      await writeAtomic(join(folder, 'link'), 'new');
      expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
      expect(await readFile(join(folder, 'real/a'), 'utf8')).toBe('new');
      expect((await readdir(join(folder, 'real'))).sort()).toEqual(['.a.124-0.unetc-tmp', 'a']);
    });
  });

  test('a mistake of ours is not dressed up as the user’s', async () => {
    const bug = new TypeError('bug');
    expect(fileFailure('write', 'a', bug)).toBe(bug);
  });
});

describe('records', () => {
  test('are kept up to the checkpoint, wherever the file was cut off', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'metrics.jsonl');
      for (let epoch = 1; epoch <= 4; epoch++) await appendRecord(file, { epoch, loss: 1 / epoch });
      const whole = await readFile(file, 'utf8');
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length), fc.integer({ min: 0, max: 5 }), async (length, last) => {
          await writeFile(file, whole.slice(0, length));
          const complete = whole.slice(0, length).split('\n').length - 1;
          const kept = await keepEpochs(file, last);
          expect(kept.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4].slice(0, Math.min(complete, last)));
          await appendRecord(file, { epoch: 9 });
          expect(await readRecords(file)).toEqual([...kept, { epoch: 9 }]);
        }),
        cases(40),
      );
    });
  });

  test('none where there is no file; a line that is no object is named', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'metrics.jsonl');
      expect(await readRecords(file)).toEqual([]);
      await appendRecord(file, { epoch: 1 });
      await appendFile(file, 'garbage\n');
      expect((await failure(readRecords(file))).message).toMatch(/metrics\.jsonl, line 2, is not a JSON object/);
      expect((await failure(appendRecord(join(folder, 'none/m'), {}))).message).toMatch(/its folder does not exist/);
    });
  });
});
