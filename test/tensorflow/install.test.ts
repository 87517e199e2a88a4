import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../compiler/user-error.js';
import {
  damagedFile,
  installLock,
  installOf,
  manifestName,
  readInstalled,
  removeInstalled,
} from '../../runtime/engines/native/cache.js';
import { type InstallOptions, install as installLibrary, packageIndex } from '../../runtime/engines/native/install.js';
import { tensorFlowLibrary } from '../../runtime/engines/tensorflow/native/library.js';
import { acquireLock } from '../../runtime/support/files/lock.js';
import { contents, cutAfter, linux, type Pinned, pinnedWheel, serveWheel, type WheelServer } from './wheel-server.js';

let pinned: Pinned;
let server: WheelServer;
let cache = '';
let folder = '';

beforeEach(async () => {
  pinned = await pinnedWheel();
  server = await serveWheel(pinned);
  cache = mkdtempSync(join(tmpdir(), 'unetc-install-'));
  folder = join(cache, 'tensorflow');
});

afterEach(async () => {
  await server.stop();
  rmSync(cache, { recursive: true, force: true });
});

const install = (options: InstallOptions = {}) => {
  const { env, ...rest } = options;
  return installLibrary(tensorFlowLibrary, {
    machine: linux,
    builds: pinned.builds,
    patience: 5,
    env: { UNETC_CACHE: cache, UNETC_PYPI: server.index, ...env },
    ...rest,
  });
};

/** The error of an install that must fail, in the words a person gets. */
async function failure(attempt: Promise<unknown>): Promise<UserError> {
  const error = await attempt.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

const left = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.unetc-part'));
const wheelPath = (): string => `/files/${pinned.wheel.file}`;

describe('an install', () => {
  it('unpacks the libraries and nothing else, and cleans up', async () => {
    const seen: string[] = [];
    const installed = await install({ onProgress: ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`) });
    expect(installed).toMatchObject({ already: false, version: '9.9.0', kind: 'cpu', bytes: 350_007 });
    for (const [path, bytes] of Object.entries(contents)) {
      if (path.endsWith('.py')) expect(() => statSync(join(installed.folder, path))).toThrow();
      else expect(readFileSync(join(installed.folder, path)).equals(bytes), path).toBe(true);
    }
    expect(readdirSync(folder)).toEqual(['9.9.0-cpu-linux-x64']);
    expect(seen).toContain(`download ${pinned.wheel.bytes}/${pinned.wheel.bytes}`);
    expect(seen.at(-1)).toBe('unpack 350007/350007');
  });

  it('a second time does nothing', async () => {
    await install();
    const before = server.requests.length;
    expect(await install()).toMatchObject({ already: true, bytes: 350_007 });
    expect(server.requests).toHaveLength(before);
  });

  it('that was changed is noticed: by its time when it is looked for, by its bytes when doctor asks', async () => {
    const { folder: at } = await install();
    const library = join(at, 'tensorflow/libtensorflow_cc.so.2');
    const { mtime, atime } = statSync(library);
    expect(await readInstalled(at)).toBeDefined();
    expect(await damagedFile(at)).toBeUndefined();
    // A copy has other times, and the same bytes; after the first look its own again.
    utimesSync(library, atime, new Date(0));
    expect(await readInstalled(at)).toBeDefined();
    expect(Math.floor(statSync(library).mtimeMs / 1000)).toBe(Math.floor(mtime.getTime() / 1000));
    const bytes = readFileSync(library);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(library, bytes);
    utimesSync(library, atime, new Date(0));
    expect(await readInstalled(at)).toBeUndefined();
    // With size and time as they were only its bytes tell.
    utimesSync(library, atime, mtime);
    expect(await readInstalled(at)).toBeDefined();
    expect(await damagedFile(at)).toBe(library);
    expect(installOf({ ...tensorFlowLibrary, builds: pinned.builds }, library, { UNETC_CACHE: cache })).toBe(at);
  });

  it('that was made by an older version, without hashes, is taken by its sizes', async () => {
    const { folder: at } = await install();
    const file = join(at, manifestName);
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { files: { path: string; bytes: number }[] };
    const files = manifest.files.map(({ path, bytes }) => ({ path, bytes }));
    writeFileSync(file, JSON.stringify({ ...manifest, files }));
    utimesSync(join(at, 'tensorflow/libtensorflow_cc.so.2'), new Date(0), new Date(0));
    expect(await readInstalled(at)).toBeDefined();
    expect(await damagedFile(at)).toBeUndefined();
    for (const text of ['{', 'null', '{"files":[1]}', '{"files":{}}']) {
      writeFileSync(file, text);
      expect(await readInstalled(at)).toBeUndefined();
    }
  });

  it('and a removal do not meet: the removal is refused while an install has the lock', async () => {
    await install();
    const lock = await acquireLock(...installLock(tensorFlowLibrary, { UNETC_CACHE: cache }));
    expect((await failure(removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache }))).message).toContain(
      'is in use: an install or removal by process',
    );
    await lock.release();
    expect((await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache })).removed).toHaveLength(1);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('waits for another one, and finds what that brought', async () => {
    mkdirSync(folder, { recursive: true });
    const lock = await acquireLock(...installLock(tensorFlowLibrary, { UNETC_CACHE: cache }));
    const waits: number[] = [];
    const second = install({ onWait: ({ pid }) => waits.push(pid) });
    setTimeout(() => void lock.release(), 300);
    expect((await second).already).toBe(false);
    expect(waits).toEqual([process.pid]);
  });

  it('that lost a part of a library is made anew', async () => {
    const { folder: at } = await install();
    writeFileSync(join(at, 'tensorflow/libtensorflow_cc.so.2'), 'half');
    expect(await install()).toMatchObject({ already: false, bytes: 350_007 });
    expect(readFileSync(join(at, 'tensorflow/libtensorflow_cc.so.2')).length).toBe(300_000);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('two at once both succeed', async () => {
    const both = await Promise.all([install(), install(), install()]);
    expect(new Set(both.map((i) => i.folder)).size).toBe(1);
    expect(readFileSync(join(both[0].folder, 'tensorflow/libtensorflow_cc.so.2')).length).toBe(300_000);
    expect(readdirSync(folder)).toEqual(['9.9.0-cpu-linux-x64']);
  });

  it('reads an index in JSON, absolute addresses in it too', async () => {
    const url = `http://127.0.0.1:${server.port}${wheelPath()}`;
    server.page = {
      type: 'application/vnd.pypi.simple.v1+json',
      body: () =>
        JSON.stringify({
          files: [
            { url: 'https://elsewhere.invalid/other.whl', hashes: {} },
            { filename: pinned.wheel.file, url, hashes: { sha256: pinned.wheel.sha256 } },
          ],
        }),
    };
    expect(await install()).toMatchObject({ already: false });
  });

  it('gives user and password of the index, and shows them to nobody', async () => {
    const index = server.index.replace('//', '//me:p%40ss@');
    await install({ env: { UNETC_PYPI: `${index}/` } });
    expect(server.authorizations).toEqual(Array(2).fill(`Basic ${Buffer.from('me:p@ss').toString('base64')}`));
    await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache });
    await server.stop();
    const error = await failure(install({ env: { UNETC_PYPI: index } }));
    expect(error.message + error.hint).not.toContain('p%40ss');
  });

  it('goes through the proxy of the environment, and past it where NO_PROXY says so', async () => {
    let tunnels = 0;
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels++;
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [socket, upstream]) end.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      await install({ env: { HTTP_PROXY, NO_PROXY: '127.0.0.1' } });
      expect(tunnels).toBe(0);
      await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache });
      await install({ env: { HTTP_PROXY } });
      expect(tunnels).toBeGreaterThan(0);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
    }
    await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache });
    const gone = await failure(install({ env: { HTTP_PROXY } }));
    expect(gone.message).toContain(`through the proxy ${HTTP_PROXY}`);
    const socks = await failure(install({ env: { ALL_PROXY: 'socks5://u:secret@proxy:1080' } }));
    expect(socks.message).toBe('the proxy socks5://proxy:1080 is none that unetc can use');
  });
});

describe('a download', () => {
  it('that is cut off is taken up where it broke', async () => {
    server.misbehave = (request, response, count) => count < 2 && cutAfter(pinned.bytes, 100_000, request, response);
    expect(await install()).toMatchObject({ already: false });
    expect(server.requests.slice(1)).toEqual([
      `GET ${wheelPath()}`,
      `GET ${wheelPath()} bytes=100000-`,
      `GET ${wheelPath()} bytes=200000-`,
    ]);
  });

  it('is begun again where the server knows no ranges', async () => {
    server.misbehave = (request, response, count) => {
      if (count === 0) return cutAfter(pinned.bytes, 100_000, request, response);
      response.end(pinned.bytes);
      return true;
    };
    expect(await install()).toMatchObject({ already: false });
  });

  it('that stays cut off says how far it came, and goes on from there another day', async () => {
    server.misbehave = (request, response, count) =>
      count === 0 ? cutAfter(pinned.bytes, 100_000, request, response) : Boolean(response.destroy());
    const error = await failure(install());
    expect(error.code).toBe('network');
    expect(error.message).toMatch(
      /^tensorflow_cpu-9\.9\.0.*: 0 of 0 MiB came; can't reach 127\.0\.0\.1:\d+: the connection was closed$/,
    );
    expect(error.hint).toContain('run the command again: it goes on from there');
    expect(left()).toEqual([`.${pinned.wheel.file}.unetc-part`]);
    server.misbehave = () => false;
    server.requests.length = 0;
    expect(await install()).toMatchObject({ already: false });
    expect(server.requests[1]).toBe(`GET ${wheelPath()} bytes=100000-`);
    expect(left()).toEqual([]);
  });

  it('waits for a server that is busy', async () => {
    server.misbehave = (_, response, count) => count < 2 && Boolean(response.writeHead(503).end());
    expect(await install()).toMatchObject({ already: false });
  });

  it('that is interrupted goes on where it was', async () => {
    const stop = new AbortController();
    server.misbehave = (request, response) => {
      response.setHeader('content-length', pinned.bytes.length);
      response.write(pinned.bytes.subarray(0, 150_000));
      setTimeout(() => stop.abort(), 50);
      return request.method === 'GET';
    };
    await expect(install({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    server.misbehave = () => false;
    server.requests.length = 0;
    expect(await install()).toMatchObject({ already: false });
    expect(server.requests[1]).toBe(`GET ${wheelPath()} bytes=150000-`);
  });

  it.each([
    ['of a process that is gone is gone on with', 2 ** 22 + 1, 60, ' bytes=1000-', 0],
    ['of a process that runs is left alone', process.ppid, 60, '', 1],
    ['that was written to just now is left alone', 2 ** 22 + 1, 0, '', 1],
  ])('%s', async (_, pid, secondsAgo, range, remaining) => {
    mkdirSync(folder);
    const host = hostname().replace(/\W/g, '_');
    const part = join(folder, `.${pinned.wheel.file}.${host}-${pid}-0.unetc-part`);
    writeFileSync(part, pinned.bytes.subarray(0, 1000));
    const then = Date.now() / 1000 - secondsAgo;
    utimesSync(part, then, then);
    await install();
    expect(server.requests[1]).toBe(`GET ${wheelPath()}${range}`);
    expect(left()).toHaveLength(remaining);
  });

  it('with a wrong beginning is made anew', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, `.${pinned.wheel.file}.unetc-part`), Buffer.alloc(5000, 'x'));
    expect(await install()).toMatchObject({ already: false });
    expect(server.requests.slice(1)).toEqual([`GET ${wheelPath()} bytes=5000-`, `GET ${wheelPath()}`]);
  });

  it.each([
    ['altered', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([255])])],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, bytes, bytes])],
  ])('of an %s file is refused, and nothing of it kept', async (_, alter) => {
    server.misbehave = (_, response) => Boolean(response.end(alter(pinned.bytes)));
    const error = await failure(install());
    expect(error.code).toBe('wheel-hash');
    expect(error.message).toContain('its SHA-256 differs');
    expect(readdirSync(folder)).toEqual([]);
    server.misbehave = () => false;
    expect(await install()).toMatchObject({ already: false });
  });

  it('of a file that is shorter on the server says so', async () => {
    const short = pinned.bytes.subarray(0, 1000);
    server.misbehave = (request, response) =>
      Boolean(request.headers.range ? response.writeHead(416).end() : response.end(short));
    const error = await failure(install());
    expect(error.message).toContain(`is 1000 bytes or less, and should be ${pinned.wheel.bytes}`);
  });
});

describe('what else can be wrong', () => {
  it('no server', async () => {
    await server.stop();
    const error = await failure(install());
    expect([error.code, error.message]).toEqual([
      'network',
      `can't reach 127.0.0.1:${server.port}: the connection was refused`,
    ]);
    expect(error.hint).toContain('--wheel');
  });

  it.each([
    ['another file of that name', () => `<a href="${wheelPath()}#sha256=${'0'.repeat(64)}">x</a>`, 'offers another'],
    ['not that file', () => '<a href="/files/tensorflow_cpu-1.0.whl">x</a>', 'does not list tensorflow_cpu-9.9.0'],
    ['no list', () => '<html>please log in', 'does not list'],
  ])('an index with %s', async (_, body, message) => {
    server.page = { type: 'text/html', body };
    expect((await failure(install())).message).toContain(message);
  });

  it('an index without the project, or that is none', async () => {
    const error = await failure(install({ env: { UNETC_PYPI: `${server.index}/x` } }));
    expect(error.message).toContain('the index has no tensorflow-cpu');
    expect(() => packageIndex({ PIP_INDEX_URL: 'ftp://x' })).toThrow(
      'PIP_INDEX_URL is not the address of an index: ftp://x',
    );
    expect(packageIndex({}).protocol).toBe('https:');
    expect(packageIndex({ PIP_INDEX_URL: 'https://a.invalid', UNETC_PYPI: 'https://b.invalid' }).host).toBe(
      'b.invalid',
    );
  });

  it('no space: said before anything is fetched', async () => {
    const build = pinned.builds['linux-x64']!;
    const wheels = [{ ...pinned.wheel, unpackedBytes: 2 ** 60 }];
    const error = await failure(install({ builds: { 'linux-x64': { ...build, wheels } } }));
    expect(error.message).toMatch(/^1073741824\.00 GiB are needed in .*, and [\d.]+ GiB are free$/);
    expect(error.hint).toContain('UNETC_CACHE');
    expect(server.requests).toEqual([]);
  });

  it('a cache folder that can not be made', async () => {
    writeFileSync(join(cache, 'file'), '');
    const error = await failure(install({ env: { UNETC_CACHE: join(cache, 'file') } }));
    expect(error.message).toContain(`can't create ${join(cache, 'file', 'tensorflow')}`);
    expect(error.hint).toContain('UNETC_CACHE');
  });

  it('a cache folder that may not be written', async () => {
    const locked = mkdtempSync(join(cache, 'locked-'));
    chmodSync(locked, 0o500);
    // Root may write anywhere: as somebody else, then.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      const error = await failure(install({ env: { UNETC_CACHE: locked } }));
      expect(error.message).toBe(`can't create ${join(locked, 'tensorflow')}: permission denied`);
      expect(error.hint).toBe('set UNETC_CACHE to a folder that you may write to');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('a wheel without the library is a mistake of the table, and leaves no install', async () => {
    pinned = await pinnedWheel({ 'tensorflow/THIRD_PARTY_NOTICES.txt': Buffer.from('x') });
    await server.stop();
    server = await serveWheel(pinned);
    await expect(install()).rejects.toThrow('no tensorflow/libtensorflow_framework.so.2 in the wheels');
    expect(left()).toEqual([`.${pinned.wheel.file}.unetc-part`]);
  });
});

describe('--wheel', () => {
  it('takes a file of any name, or a folder, and asks no server', async () => {
    const hand = join(cache, 'by-hand.zip');
    writeFileSync(hand, pinned.bytes);
    expect(await install({ wheels: [hand] })).toMatchObject({ already: false });
    expect(statSync(hand).size).toBe(pinned.wheel.bytes);
    await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache });
    const downloads = mkdtempSync(join(cache, 'downloads-'));
    writeFileSync(join(downloads, pinned.wheel.file), pinned.bytes);
    writeFileSync(join(downloads, 'other.whl'), 'x');
    expect(await install({ wheels: [downloads] })).toMatchObject({ already: false });
    expect(server.requests).toEqual([]);
  });

  it('refuses another file, and says which is due and how to get it', async () => {
    const other = join(cache, pinned.wheel.file);
    writeFileSync(other, Buffer.alloc(pinned.wheel.bytes));
    const error = await failure(install({ wheels: [other] }));
    expect(error.message).toContain(pinned.wheel.sha256);
    expect(error.hint).toContain('pip download --no-deps');
    expect(error.hint).toContain('tensorflow-cpu==9.9.0');
    expect((await failure(install({ wheels: [join(cache, 'none.whl')] }))).message).toContain('no such file');
  });

  it('that is no zip in spite of its hash is said to be damaged', async () => {
    const bytes = Buffer.from('not a zip, and long enough to be taken for one if nobody looks');
    const wheel = { ...pinned.wheel, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    const file = join(cache, 'x.whl');
    writeFileSync(file, bytes);
    const builds = { 'linux-x64': { ...pinned.builds['linux-x64']!, wheels: [wheel] } };
    const error = await failure(install({ wheels: [file], builds }));
    expect(error.message).toContain(`${file} can't be unpacked`);
    expect(left()).toEqual([]);
  });
});

describe('remove', () => {
  it('removes installs and leftovers, and nothing that is not ours', async () => {
    await install();
    const manifest = readFileSync(join(folder, '9.9.0-cpu-linux-x64/installed.json'));
    writeFileSync(join(folder, '.x.whl.unetc-part'), Buffer.alloc(1000));
    for (const mine of ['work', '1.0-cpu-thesis-x64']) mkdirSync(join(folder, mine));
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const { removed, freedBytes } = await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: cache });
    expect(removed).toHaveLength(2);
    expect(freedBytes).toBe(350_007 + 1000 + manifest.length);
    expect(readdirSync(folder).sort()).toEqual(['1.0-cpu-thesis-x64', 'notes.txt', 'work']);
  });

  it('of nothing is no error', async () => {
    expect(await removeInstalled(tensorFlowLibrary, { UNETC_CACHE: join(cache, 'none') })).toEqual({
      removed: [],
      freedBytes: 0,
    });
  });
});
