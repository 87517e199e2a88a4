import type { HalfReport } from '../../compiler/index.js';
import { bytes as size } from './numbers.js';

/** What `build --precision fp16` says beside: how much is in fp16, what is not and why, and what that saves. */
export function halfLines({ nodes, half, float, fp32Bytes }: HalfReport, bytes: number): string[] {
  const reasons = new Map<string, string[]>();
  for (const { op, nodes: n, why } of float) {
    reasons.set(why, [...(reasons.get(why) ?? []), n > 1 ? `${op} (${n})` : op]);
  }
  return [
    `  fp16        ${half} of ${nodes} operators; ${(bytes / fp32Bytes).toFixed(2)} of the ${size(fp32Bytes)} in fp32`,
    ...Array.from(reasons, ([why, ops]) => `  fp32        ${ops.join(', ')}: ${why}`),
  ];
}
