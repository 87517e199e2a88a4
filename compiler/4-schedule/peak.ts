import type { Node, Value } from '../ir/graph.js';
import type { ExecutionPlan } from './index.js';
import { bytesAt } from './order.js';

/** A value that is alive at the peak, with the node that made it. */
export interface AliveValue {
  readonly value: Value;
  readonly node: Node;
  readonly bytes: number;
  /** Steps, from 0; `to` may be the number of steps: it is an output. */
  readonly from: number;
  readonly to: number;
}

/** The memory peak of a plan. */
export interface Peak {
  /** The first step at which most is alive, and its node. */
  readonly step: number;
  readonly node: Node;
  /** Largest first; of equal ones the older. An output written over an input counts as the input's. */
  readonly alive: readonly AliveValue[];
  /** Bytes alive at each step, in whole lines as they lie in the arena. */
  readonly liveBytes: readonly number[];
}

/** @returns undefined for a plan without steps */
export function peakOfPlan({ order, buffers }: ExecutionPlan): Peak | undefined {
  const liveBytes = Array.from(bytesAt(buffers, order.length).subarray(0, order.length));
  const most = liveBytes.reduce((a, b) => Math.max(a, b), 0);
  const step = Math.max(0, liveBytes.indexOf(most));
  const node = order[step];
  if (!node) return undefined;
  const alive = buffers
    .filter((b) => b.from <= step && step <= b.to)
    .map(({ value, bytes, from, to }) => ({ value, node: order[from] as Node, bytes, from, to }))
    .sort((a, b) => b.bytes - a.bytes || a.from - b.from);
  return { step, node, alive, liveBytes };
}
