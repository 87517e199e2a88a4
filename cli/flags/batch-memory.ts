import { totalmem } from 'node:os';
import {
  type EngineMemory,
  executionPlan,
  type Graph,
  type MemoryPurpose,
  type MemoryUse,
  memoryUse,
  processBytes,
} from '../../compiler/index.js';
import { UsageError } from '../errors.js';
import { bytes, count } from '../render/numbers.js';

/** What a batch may take. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly from: '--memory' | 'this machine';
}

const units: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };

/** `2GB`, `1.5 GiB`, `800M`, or bytes. A GB is 10^9, a GiB (and a G) 2^30. */
export function parseMemory(text: string, flag = '--memory'): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?b)?|b)?\s*$/i.exec(text);
  const n = match ? Number(match[1]) : Number.NaN;
  const power = units[match?.[2]?.toLowerCase() ?? ''] ?? 0;
  const result = Math.floor(n * (match?.[3]?.toLowerCase() === 'b' ? 1000 : 1024) ** power);
  if (!(result >= 1 && result <= Number.MAX_SAFE_INTEGER)) {
    throw new UsageError(`${flag} ${text} is not an amount of memory`, `as in ${flag} 2GB or ${flag} 1.5GiB`);
  }
  return result;
}

/** What this process may use: the machine's memory, or what its container is given of it. */
export function memoryLimit(given: string | undefined): MemoryLimit {
  if (given !== undefined) return { bytes: parseMemory(given), from: '--memory' };
  const constrained = process.constrainedMemory();
  const all = totalmem();
  return { bytes: constrained > 0 && constrained < all ? constrained : all, from: 'this machine' };
}

/** What limits a batch on an engine. */
export interface BatchMemory {
  /** As a run's record names it. */
  readonly engine: string;
  /** What the process grows by at the batch asked for. */
  readonly processBytes: number;
  /** What each image more adds. */
  readonly imageBytes: number;
  /** What the batch has nothing to do with: the process itself, parameters, optimizer state. */
  readonly fixedBytes: number;
  /** The largest batch whose process fits; 0 if one image doesn't. */
  readonly largestBatch: number;
}

/** A graph at a batch, with its plan's use of memory; each batch is planned once. */
export class BatchPlans {
  readonly #at: (batch: number) => Graph;
  readonly #slots: number;
  readonly #known = new Map<number, MemoryUse>();

  /** @param at the bound graph of a batch; `slots` as in `MemoryUse` */
  constructor(at: (batch: number) => Graph, slots = 0) {
    this.#at = at;
    this.#slots = slots;
  }

  use(batch: number): MemoryUse {
    const before = this.#known.get(batch);
    if (before) return before;
    const graph = this.#at(batch);
    const use = memoryUse(graph, executionPlan(graph).order, this.#slots);
    this.#known.set(batch, use);
    return use;
  }
}

/**
 * Two plans say what an image costs; the largest batch that follows is planned in turn, since scratch and small values do not
 * grow evenly, and lowered while it does not fit.
 */
export function batchMemory(
  plans: BatchPlans,
  {
    engine,
    memory,
    purpose,
    batch,
    limit,
  }: { engine: string; memory: EngineMemory; purpose: MemoryPurpose; batch: number; limit: number },
): BatchMemory {
  const at = (n: number): number => processBytes(memory, purpose, plans.use(n));
  const other = 2 * batch;
  const imageBytes = Math.max(1, (at(other) - at(batch)) / (other - batch));
  const fixedBytes = memory.own + Math.max(0, at(batch) - batch * imageBytes);
  const fits = (n: number): boolean => memory.own + at(n) <= limit;
  let largest = Math.max(0, Math.floor((limit - fixedBytes) / imageBytes));
  for (let k = 0; largest > 0 && k < 4 && !fits(largest); k++) {
    const over = memory.own + at(largest) - limit;
    largest = Math.max(0, largest - Math.max(1, Math.ceil(over / imageBytes)));
  }
  return { engine, processBytes: memory.own + at(batch), imageBytes, fixedBytes, largestBatch: largest };
}

/**
 * Copies are made sooner than the plan has them, two operators at a time: steps that compute values twice took 13 % to 39 % above what their
 * plans predict (docs/memory.md).
 */
const soonerCopies = 1.3;

/** What a run holds beside its step: decoded images, batches made ahead, the engine that judges. Measured: 60 to 120 MB. */
export const runBytes = 120e6;

/** Bytes of a process that trains by a graph with copies (`recompute`). */
export const bytesWithCopies = (graph: Graph, slots: number, memory: EngineMemory): number =>
  memory.own + soonerCopies * processBytes(memory, 'train', memoryUse(graph, executionPlan(graph).order, slots));

/** A line of a summary for an engine. */
export const batchText = (memory: BatchMemory, batch: number): string =>
  `${bytes(memory.processBytes)} for a batch of ${count(batch)}: ${bytes(memory.fixedBytes)} and ${bytes(memory.imageBytes)} an image; at most ${count(memory.largestBatch)} ${memory.largestBatch === 1 ? 'image' : 'images'} a batch fit`;
