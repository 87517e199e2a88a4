import { visible } from '../../../grammar/visible.js';

/** Text as it may stand in HTML, in an attribute too. */
export const escapeHtml = (text: string): string => visible(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A value as it may stand in a script element. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

export const percent = (share: number, digits = 1): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(digits)}` : '–';

/** 2265588 -> `2.27 M` */
export function short(n: number): string {
  const units = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const;
  for (const [unit, name] of units) if (n >= unit) return `${(n / unit).toPrecision(3)}${name}`;
  return String(n);
}

export const times = (ratio: number): string =>
  Number.isFinite(ratio) ? `${ratio.toPrecision(ratio < 10 ? 2 : 3)}×` : '–';
