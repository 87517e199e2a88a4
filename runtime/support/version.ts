import { readFileSync } from 'node:fs';

let known: string | undefined;

/** This package's version. Its package.json lies two folders up in a checkout and in the bundle, three in a build. */
export function version(): string {
  for (const path of known === undefined ? ['../../package.json', '../../../package.json'] : []) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (isPackage(found) && found.name === 'unetc') known = found.version;
    } catch {
      // Not there: the next place.
    }
  }
  known ??= '0.0.0';
  return known;
}

const isPackage = (value: unknown): value is { name: string; version: string } =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'version' in value &&
  typeof value.version === 'string';
