/** A path of the standard library, which the compiler brings with it: `std:blocks`. */
export const isStandard = (path: string): boolean => path.startsWith('std:');

/**
 * The path that `path`, written in the file `from`, means: relative to the folder of `from`, with `.` and `..` worked out.
 * Both are relative to the spec's folder; the spec itself lies in it. `..` beyond that folder stays.
 */
export function resolvePath(from: string, path: string): string {
  if (isStandard(path)) return path;
  const folder = path.startsWith('/') || isStandard(from) ? '' : from.slice(0, from.lastIndexOf('/') + 1);
  const joined = folder + path;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return `${joined.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}
