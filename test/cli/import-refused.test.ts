import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importsOf, largestSpec } from '../../runtime/support/files/imported.js';
import { unetc } from './io.js';

const secret = 'hunter2:x:0:0:nobody may see this';
const block = 'block Unit(x, c) { x |> conv(c) |> relu }\n';
const network = `network A {
  input image: f32[N, 3, H, W]
  head S = image |> Unit(1) |> conv(1) |> sigmoid
}
`;
let folder = '';
let spec = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-refused-'));
  for (const name of ['project/lib/deep', 'shared', 'project-2']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'secret'), secret);
  writeFileSync(join(folder, 'project-2/secret'), secret);
  writeFileSync(join(folder, 'shared/blocks.unet'), block);
  writeFileSync(join(folder, 'project/lib/deep/blocks.unet'), block);
  writeFileSync(join(folder, 'project/large.unet'), `// ${'x'.repeat(largestSpec)}`);
  writeFileSync(join(folder, 'project/binary.unet'), 'block\0');
  symlinkSync('../secret', join(folder, 'project/link.unet'));
  symlinkSync('..', join(folder, 'project/up'));
  symlinkSync('/dev/zero', join(folder, 'project/zero.unet'));
  symlinkSync('loop.unet', join(folder, 'project/loop.unet'));
  symlinkSync('lib/deep/blocks.unet', join(folder, 'project/inside.unet'));
  execFileSync('mkfifo', [join(folder, 'project/fifo.unet')]);
  spec = join(folder, 'project/spec.unet');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(path: string, ...more: readonly string[]) {
  writeFileSync(spec, `import "${path}"\n${network}`);
  const { exit, stdout, stderr } = await unetc('check', spec, '--json', ...more);
  const codes: string[] = JSON.parse(stdout).files[0].diagnostics.map((d: { code: string }) => d.code);
  return { exit, codes, said: stdout + stderr };
}

describe('a file that a spec imports', () => {
  it.each([
    '/dev/zero',
    '/dev/tty',
    '/dev/random',
    '/etc/passwd',
    '/proc/self/environ',
    '../secret',
    './lib/../../secret',
    '../project-2/secret',
    'link.unet',
    'up/secret',
    'zero.unet',
    'fifo.unet',
    'lib',
    'large.unet',
    'binary.unet',
    'loop.unet',
    '.',
    '..',
    '',
  ])('is refused or not there, and nothing of it is told: %j', async (path) => {
    const { exit, codes, said } = await check(path);
    expect(exit).toBe(1);
    expect(codes).toContain(path === '' ? 'import-missing' : 'import-refused');
    expect(said).not.toMatch(/hunter2|root:x|PATH=/);
  });

  it.each(['lib/deep/blocks.unet', './lib/../lib/deep/blocks.unet', 'inside.unet', 'up/project/inside.unet'])(
    'is read from the folder of the spec, and below: %s',
    async (path) => {
      expect(await check(path)).toMatchObject({ exit: 0, codes: [] });
    },
  );

  it('is read from a folder that is declared', async () => {
    expect((await check('../shared/blocks.unet')).codes).toContain('import-refused');
    const declared = ['--import-root', join(folder, 'shared')];
    expect(await check('../shared/blocks.unet', ...declared)).toMatchObject({ exit: 0 });
    expect(await check(join(folder, 'shared/blocks.unet'), ...declared)).toMatchObject({ exit: 0 });
    expect((await check('../secret', ...declared)).codes).toContain('import-refused');
    expect((await check('../secret', '--import-root', join(folder, 'nowhere'))).codes).toContain('import-refused');
  });

  it('is never one outside, however the path is written', () => {
    const resolve = importsOf(spec);
    const part = fc.constantFrom('..', '.', 'lib', 'deep', 'up', 'project', 'secret', 'shared', 'link.unet', '', 'etc');
    const path = fc
      .tuple(fc.boolean(), fc.array(part, { maxLength: 8 }))
      .map(([root, p]) => (root ? '/' : '') + p.join('/'));
    fc.assert(
      fc.property(path, (p) => {
        const found = resolve(p);
        if (typeof found === 'string') expect(found).not.toContain('hunter2');
      }),
    );
  });

  it('is what an editor has open of it, inside only', () => {
    const open = (place: string) => `// ${relative(folder, place)}`;
    expect(importsOf(spec, { open })('lib/a.unet')).toBe('// project/lib/a.unet');
    expect(importsOf(spec, { open })('../secret')).toEqual({ refused: 'outside' });
    expect(importsOf(spec, { open, roots: [dirname(folder)] })('../secret')).toBe('// secret');
  });
});

describe('a spec that is no regular file', () => {
  it('is read no further than a spec can be long', async () => {
    expect((await unetc('check', '/dev/zero')).stderr).toContain('larger than');
  });
});
