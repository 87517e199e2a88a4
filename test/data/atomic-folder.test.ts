import { mkdir, readdir, readFile, realpath, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFolderAtomic } from '../../runtime/support/files/atomic-folder.js';
import { failure, inFolder } from './fixtures.js';

const files = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(`content of ${name}`)]));
const ours = (name: string): boolean => name.endsWith('.bin');

describe('writeFolderAtomic', () => {
  test('writes a folder, replaces one of its own whole, and leaves nothing else', async () => {
    await inFolder(async (folder) => {
      const target = join(folder, 'model');
      await writeFolderAtomic(target, files('a.bin', 'b.bin'), ours);
      await writeFolderAtomic(target, files('b.bin', 'c.bin'), ours);
      expect((await readdir(target)).sort()).toEqual(['b.bin', 'c.bin']);
      expect(await readFile(join(target, 'c.bin'), 'utf8')).toBe('content of c.bin');
      expect(await readdir(folder)).toEqual(['model']);
    });
  });

  test('a failure in the middle leaves the old folder and no temporary one', async () => {
    await inFolder(async (folder) => {
      const target = join(folder, 'model');
      await writeFolderAtomic(target, files('a.bin'), ours);
      const error = await failure(writeFolderAtomic(target, files('b.bin', `${'n'.repeat(300)}.bin`), ours));
      expect(error.message).toMatch(/the name is too long/);
      expect(await readdir(target)).toEqual(['a.bin']);
      expect(await readdir(folder)).toEqual(['model']);
    });
  });

  test('names what is in the way and touches none of it', async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), 'x');
      await mkdir(join(folder, 'photos'));
      for (const name of ['a.png', 'b.bin']) await writeFile(join(folder, 'photos', name), 'x');
      const says = async (path: string) =>
        (await failure(writeFolderAtomic(join(folder, path), files('a.bin'), ours))).message;
      expect(await says('file')).toMatch(/a file of that name is in the way/);
      expect(await says('photos')).toMatch(/it holds other files \(a\.png\)/);
      expect(await says('none/model')).toMatch(/its folder does not exist/);
      expect(await says('file/model')).toMatch(/a part of the path is a file/);
      expect((await readdir(join(folder, 'photos'))).sort()).toEqual(['a.png', 'b.bin']);
    });
  });

  test('follows a link, and removes what a killed writer left an hour ago, but not what one is writing', async () => {
    await inFolder(async (folder) => {
      const real = join(folder, 'real');
      await mkdir(real);
      await symlink(real, join(folder, 'link'));
      const [stale, recent] = ['.x.123-0-old.unetc-tmp', '.x.124-0.unetc-tmp'].map((name) => join(folder, name));
      for (const left of [stale!, recent!]) {
        await mkdir(left);
        await writeFile(join(left, 'a.bin'), 'x');
      }
      await utimes(stale!, 1, 1);
      await writeFolderAtomic(join(folder, 'link'), files('a.bin'), ours);
      expect(await realpath(join(folder, 'link'))).toBe(await realpath(real));
      expect(await readdir(real)).toEqual(['a.bin']);
      expect((await readdir(folder)).sort()).toEqual(['.x.124-0.unetc-tmp', 'link', 'real']);
    });
  });
});
