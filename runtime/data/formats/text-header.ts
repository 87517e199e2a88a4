import { corrupt } from './damage.js';
import type { Source } from './source.js';

/** Longer headers than this are no header. */
const mostHeader = 1 << 20;

/**
 * The text lines that begin a file, and where they end.
 * @param isLast whether a line is the header's last
 */
export async function readLines(
  source: Source,
  isLast: (line: string) => boolean,
): Promise<{ lines: string[]; end: number }> {
  let bytes = await source.head(4096);
  const lines: string[] = [];
  let at = 0;
  for (;;) {
    const stop = bytes.indexOf(10, at);
    if (stop < 0) {
      const whole = bytes.length >= source.size;
      if (whole || bytes.length >= mostHeader) {
        // A header of its own may end without a last line break.
        if (whole && at < bytes.length && bytes.length < mostHeader) lines.push(text(bytes.subarray(at)));
        if (whole && bytes.length < mostHeader) return { lines, end: bytes.length };
        throw corrupt(source.path, 'its header has no end');
      }
      bytes = await source.head(Math.min(mostHeader, 8 * bytes.length));
      continue;
    }
    const line = text(bytes.subarray(at, stop));
    at = stop + 1;
    if (isLast(line)) return { lines: [...lines, line], end: at };
    lines.push(line);
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes).replace(/\r$/, '');

/** Numbers of a list, all finite. @throws UserError naming the field */
export function numbersOf(path: string, field: string, value: string, count?: number): number[] {
  const found = value
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  if (found.some((n) => !Number.isFinite(n)) || (count !== undefined && found.length !== count)) {
    throw corrupt(path, `its ${field} is "${value.slice(0, 60)}"`);
  }
  return found;
}
