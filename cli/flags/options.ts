import { UsageError } from '../errors.js';

/** Spatial sizes, `256x256`, `64x64x64` or `256` (the same for each dimension). */
export function parseSize(text: string, flag = '--size'): number[] {
  const sizes = text.split(/[x×]/i).map((part) => (/^\d{1,6}$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (sizes.length > 3 || sizes.some((n) => !(n >= 1))) {
    throw new UsageError(`${flag} ${text} is not a size`, `write height x width, as in ${flag} 256x256`);
  }
  return sizes;
}

/** `L3` or `3`. */
export function parseLevel(text: string, flag = '--prune'): number {
  const match = /^L?(\d{1,3})$/i.exec(text);
  if (!match) throw new UsageError(`${flag} ${text} is not a level`, `write L and a number, as in ${flag} L2`);
  return Number(match[1]);
}

/** A whole number in [least, most]. */
export function parseCount(text: string, flag: string, least = 1, most = 2 ** 31 - 1): number {
  const n = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(n >= least && n <= most)) {
    throw new UsageError(
      `${flag} ${text} is not a whole number from ${least} to ${most}`,
      `as in ${flag} ${Math.max(least, 4)}`,
    );
  }
  return n;
}

/** A number in (above, most]. */
export function parseNumber(text: string, flag: string, above = 0, most = Number.MAX_VALUE): number {
  const n = text.trim() === '' ? Number.NaN : Number(text);
  if (!(n > above && n <= most)) {
    const range = most === Number.MAX_VALUE ? `a number above ${above}` : `a number above ${above}, at most ${most}`;
    throw new UsageError(`${flag} ${text} is not ${range}`, `as in ${flag} ${most === 1 ? 0.5 : 0.001}`);
  }
  return n;
}

/** A number in [least, most]. */
export function parseWithin(text: string, flag: string, least: number, most: number): number {
  const n = text.trim() === '' ? Number.NaN : Number(text);
  if (!(n >= least && n <= most)) {
    throw new UsageError(`${flag} ${text} is not a number from ${least} to ${most}`, `as in ${flag} 0.5`);
  }
  return n;
}

/** Repeated `--set name=value`, in order; a later one wins. */
export function parseSettings(settings: readonly string[] | undefined): Record<string, string> {
  const parsed: Record<string, string> = {};
  for (const setting of settings ?? []) {
    const at = setting.indexOf('=');
    const name = setting.slice(0, at).trim();
    if (at < 1 || !/^[A-Za-z_]\w*$/.test(name)) {
      throw new UsageError(
        `--set ${setting} does not say which param gets which value`,
        'write --set name=value, as in --set classes=3',
      );
    }
    parsed[name] = setting.slice(at + 1).trim();
  }
  return parsed;
}
