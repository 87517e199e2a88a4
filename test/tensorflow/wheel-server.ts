import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { Build, Builds, Wheel } from '../../runtime/engines/native/library.js';
import type { Machine } from '../../runtime/engines/native/machine.js';

export const linux: Machine = { os: 'linux', arch: 'x64', glibc: '2.36', avx: true };

/** What a wheel of TensorFlow has, small: what is kept, and what is not. */
export const contents = {
  'tensorflow/libtensorflow_framework.so.2': Buffer.alloc(50_000, 'framework '),
  'tensorflow/libtensorflow_cc.so.2': Buffer.from(Array.from({ length: 300_000 }, (_, k) => (k * k) % 251)),
  'tensorflow/THIRD_PARTY_NOTICES.txt': Buffer.from('notices'),
  'tensorflow/python/pywrap_tensorflow.py': Buffer.from('import this'),
};

/** A zip, stored, so that its size is that of its contents. */
export async function zipOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, bytes] of Object.entries(files))
    zip.addBuffer(bytes, path, { compress: path.includes('framework') });
  zip.end();
  return buffer(zip.outputStream);
}

export interface Pinned {
  readonly wheel: Wheel;
  readonly bytes: Buffer;
  readonly builds: Builds;
}

/** A wheel, and a table of builds that pins it. */
export async function pinnedWheel(files: Readonly<Record<string, Buffer>> = contents): Promise<Pinned> {
  const bytes = await zipOf(files);
  const wheel: Wheel = {
    project: 'tensorflow-cpu',
    version: '9.9.0',
    platform: 'manylinux_2_17_x86_64',
    file: 'tensorflow_cpu-9.9.0-cp312-cp312-manylinux_2_17_x86_64.whl',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    unpackedBytes: 350_007,
  };
  const build: Build = {
    name: '9.9.0-cpu-linux-x64',
    version: '9.9.0',
    kind: 'cpu',
    library: 'tensorflow/libtensorflow_cc.so.2',
    preload: ['tensorflow/libtensorflow_framework.so.2'],
    wheels: [wheel],
  };
  return { wheel, bytes, builds: { 'linux-x64': build } };
}

export interface WheelServer {
  /** The index's address, for UNETC_PYPI. */
  readonly index: string;
  readonly port: number;
  /** `GET /path range`, in order. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  /** Takes over an answer for the wheel if it returns true. */
  misbehave: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
  /** Format of the index, and what it says. */
  page: { type: string; body: () => string };
  stop(): Promise<void>;
}

/** An index of one project with one wheel, on a port of this machine; knows ranges. */
export async function serveWheel({ wheel, bytes }: Pinned): Promise<WheelServer> {
  let downloads = 0;
  const http = createServer((request, response) => {
    const { method, url = '', headers } = request;
    server.requests.push([method, url, headers.range].filter(Boolean).join(' '));
    server.authorizations.push(headers.authorization);
    if (url === `/simple/${wheel.project}/`) {
      response.setHeader('content-type', server.page.type);
      return void response.end(server.page.body());
    }
    if (url !== `/files/${wheel.file}`) return void response.writeHead(404).end();
    if (server.misbehave(request, response, downloads++)) return;
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (headers.range) {
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
    }
    response.setHeader('content-length', bytes.length - start);
    response.end(bytes.subarray(start));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const server: WheelServer = {
    index: `http://127.0.0.1:${port}/simple`,
    port,
    requests: [],
    authorizations: [],
    misbehave: () => false,
    page: {
      type: 'text/html',
      body: () => `<a href="../../files/${wheel.file}#sha256=${wheel.sha256}">${wheel.file}</a>`,
    },
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** Sends `length` bytes of a whole answer, then cuts the connection. */
export function cutAfter(bytes: Buffer, length: number, request: IncomingMessage, response: ServerResponse): true {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (request.headers.range) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  }
  response.setHeader('content-length', bytes.length - start);
  response.write(bytes.subarray(start, start + length), () => setTimeout(() => response.destroy(), 20));
  return true;
}
