import { UserError } from '../../../compiler/user-error.js';
import type { Wheel } from './library.js';
import type { Web } from './web.js';

/**
 * Asks a package index, PEP 503 (HTML) or PEP 691 (JSON), where a file is.
 *
 * https://peps.python.org/pep-0503, https://peps.python.org/pep-0691
 */
export async function findOnIndex(index: URL, wheel: Wheel, web: Web, signal?: AbortSignal): Promise<URL> {
  const page = new URL(index);
  page.pathname = `${page.pathname.replace(/\/+$/, '')}/${wheel.project}/`;
  const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
  const response = await web.get(page, { accept }, signal);
  const shown = page.host + page.pathname;
  const mirror = 'set UNETC_PYPI to an index that has it, or fetch the file by other means and give it with --wheel';
  if (response.status === 401 || response.status === 403) {
    throw new UserError('index', `${shown} answers ${response.status}: it wants another user or password`, mirror);
  }
  if (response.status === 404) throw new UserError('index', `the index has no ${wheel.project}: ${shown}`, mirror);
  if (!response.ok) throw new UserError('index', `${shown} answers ${response.status}`, `try again later; ${mirror}`);
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw web.failure(page, error);
  }
  const base = response.url || page.href;
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const links = isJson ? jsonLinks(text) : htmlLinks(text);
  const link = links.find((l) => nameOf(l.url, base) === wheel.file);
  if (!link) throw new UserError('index', `the index does not list ${wheel.file}: ${shown}`, mirror);
  if (link.sha256 !== undefined && link.sha256.toLowerCase() !== wheel.sha256) {
    throw new UserError(
      'wheel-hash',
      `the index offers another ${wheel.file} than the one unetc was tested with`,
      mirror,
    );
  }
  const url = new URL(link.url, base);
  url.hash = '';
  // A mirror's own files ask for the same login as its index.
  if (url.host === page.host) [url.username, url.password] = [page.username, page.password];
  return url;
}

interface Link {
  readonly url: string;
  readonly sha256?: string;
}

function jsonLinks(text: string): Link[] {
  try {
    const { files } = JSON.parse(text) as { files: { url: string; hashes?: { sha256?: string } }[] };
    return files.map(({ url, hashes }) => ({ url, sha256: hashes?.sha256 }));
  } catch {
    return [];
  }
}

/** The links of a page; a hash is the fragment of one: `…whl#sha256=…`. */
const htmlLinks = (text: string): Link[] =>
  [...text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map((m) => {
    const url = (m[1] ?? m[2] ?? '').replaceAll('&amp;', '&');
    return { url, sha256: /#sha256=([0-9a-f]{64})$/i.exec(url)?.[1] };
  });

function nameOf(url: string, base: string): string {
  try {
    return decodeURIComponent(new URL(url, base).pathname.split('/').at(-1) ?? '');
  } catch {
    return '';
  }
}
