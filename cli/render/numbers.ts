import type { ReceptiveField } from '../../compiler/index.js';

/** `9,041,601` */
export const count = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

const scaled = (n: number, base: number, units: readonly string[]): string => {
  let k = 0;
  let value = n;
  while (value >= base && k < units.length - 1) {
    value /= base;
    k++;
  }
  const digits = k === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${units[k]}`;
};

/** Multiply-accumulates: `34.5 G` */
export const macs = (n: number): string => scaled(n, 1000, ['', ' k', ' M', ' G', ' T']);

/** `12.3 MiB` */
export const bytes = (n: number): string => scaled(n, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);

/** `83.6`: a share as percent with one decimal; `-` where there is none. */
export const percent = (share: number | undefined): string =>
  share === undefined || Number.isNaN(share) ? '-' : (100 * share).toFixed(2);

/** `4.2 ms`, `1.31 s` */
export const milliseconds = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;

/** `1:05`, `2:13:05` */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** A receptive field: `44x44`; `44x44+all` where it sees the whole input beside, `all` where nothing else leads there. */
export function fieldText({ size, global }: ReceptiveField): string {
  const window = size.some((n) => n > 0) ? [sizeText(size)] : [];
  return [...window, ...(global ? ['all'] : [])].join('+');
}

/** `256x256` */
export const sizeText = (size: readonly number[]): string => size.join('x');
