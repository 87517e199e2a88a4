import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Span } from '../../compiler/index.js';

/** docs/diagnostics of this package: two folders up in a checkout, and from the gathered files, three in a build. */
const folder = ['../../docs/diagnostics/', '../../../docs/diagnostics/']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));

/** The page of a code as a file of this package, if it came with its docs. */
export function pageAddress(code: string): string | undefined {
  const page = folder && new URL(`${code}.md`, folder);
  return page && existsSync(page) ? page.href : undefined;
}

/**
 * Where the places of a spec's diagnostics, and their codes, lead to. The number behind `#` is the line, as kitty and VS Code read it.
 * @param fileOf the file of a span; null for what is none
 */
export const linksFor = (fileOf: (span: Span) => string | null) => ({
  place: (span: Span): string | undefined => {
    const path = fileOf(span);
    return path === null ? undefined : `${pathToFileURL(resolve(path)).href}#${span.start.line}`;
  },
  page: pageAddress,
});
