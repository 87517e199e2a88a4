import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { UserError } from '../../../compiler/user-error.js';

/** Requests as this machine makes them: through the proxy that the environment names, if it names one. */
export interface Web {
  /** Follows redirects. User and password in the URL become a header. @throws UserError if there is no answer */
  get(url: URL, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  /** The error that breaks a request or an answer off, in the user's terms. */
  failure(url: URL, error: unknown): unknown;
  close(): Promise<void>;
}

const second = 1000;

/** @param env HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not, are read */
export function openWeb(env: NodeJS.ProcessEnv = process.env): Web {
  const proxies = proxiesOf(env);
  const agent = quietly(
    () =>
      new EnvHttpProxyAgent({
        ...proxies,
        connect: { timeout: 30 * second },
        headersTimeout: 60 * second,
        bodyTimeout: 60 * second,
      }),
  );
  const failure = (url: URL, error: unknown): unknown => networkFailure(url, error, proxyFor(url, proxies));
  return {
    async get(url, headers = {}, signal) {
      const { username, password } = url;
      const plain = new URL(url);
      plain.username = plain.password = '';
      const login: Record<string, string> = username ? { authorization: basic(username, password) } : {};
      try {
        return await fetch(plain, { headers: { ...headers, ...login }, signal, dispatcher: agent });
      } catch (error) {
        throw failure(plain, error);
      }
    },
    failure,
    // Not `close`, which would wait for the rest of an answer that nobody reads any more.
    close: () => agent.destroy(),
  };
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

interface Proxies {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy: string;
}

function proxiesOf(env: NodeJS.ProcessEnv): Proxies {
  const read = (name: string): string => env[name.toLowerCase()] || env[name] || '';
  const all = read('ALL_PROXY');
  const named = { httpProxy: read('HTTP_PROXY') || all, httpsProxy: read('HTTPS_PROXY') || read('HTTP_PROXY') || all };
  for (const proxy of Object.values(named)) {
    if (proxy === '' || /^https?:\/\/[^/]+/.test(proxy)) continue;
    throw new UserError(
      'proxy',
      `the proxy ${withoutLogin(proxy)} is none that unetc can use`,
      'set HTTPS_PROXY to an http:// or https:// address, or fetch the file by other means and give it with --wheel',
    );
  }
  // Empty strings, not undefined: or the agent would look into the process's own environment.
  return { ...named, noProxy: read('NO_PROXY') };
}

const proxyFor = (url: URL, { httpProxy, httpsProxy }: Proxies): string =>
  withoutLogin((url.protocol === 'https:' ? httpsProxy : httpProxy) ?? '');

const withoutLogin = (address: string): string => address.replace(/\/\/[^/]*@/, '//');

/** The agent says that it is experimental, which is nothing to the person who installs. */
function quietly<T>(make: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host, or no network',
  EAI_AGAIN: 'names are not resolved: there is no network, or no name server',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
  UND_ERR_SOCKET: 'the connection was closed',
};

/** Failed to prove who is at the other end: nothing that trying again helps. */
const isCertificate = (code: string): boolean =>
  /CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(code) && !code.startsWith('UND_');

const byHand = "or fetch the file by other means and give it with --wheel ('unetc engine list' names it)";

function networkFailure(url: URL, error: unknown, proxy: string): unknown {
  if (error instanceof UserError || (error instanceof Error && error.name === 'AbortError')) return error;
  const { code, message } = rootCause(error);
  const through = proxy ? ` through the proxy ${proxy}` : '';
  if (isCertificate(code)) {
    return new UserError(
      'certificate',
      `${url.host} shows a certificate that Node does not trust (${code})`,
      `where a proxy or mirror has its own certificate, set NODE_EXTRA_CA_CERTS to that file; ${byHand}`,
      { cause: error },
    );
  }
  return new UserError(
    'network',
    `can't reach ${url.host}${through}: ${reasons[code] ?? message}`,
    `check the connection${proxy ? ' and the proxy' : ', set HTTPS_PROXY if there is a proxy'}, set UNETC_PYPI to a mirror's index, ${byHand}`,
    { cause: error },
  );
}

/** `fetch failed` is caused by what happened; several addresses that failed are one error with a list. */
function rootCause(error: unknown): { code: string; message: string } {
  let at = error as { cause?: unknown; errors?: unknown[]; code?: string; message?: string };
  for (let depth = 0; depth < 8; depth++) {
    const next = at.cause ?? at.errors?.[0];
    if (typeof next !== 'object' || next === null) break;
    at = next as typeof at;
  }
  return { code: at.code ?? '', message: (at.message ?? String(error)).split('\n')[0] as string };
}
