import fc from 'fast-check';
import {
  fromFiles,
  type ImportedFile,
  type Loaded,
  load,
  type Network,
  parse,
  type Resolve,
} from '../compiler/index.js';
import { UserError } from '../compiler/user-error.js';
import type { TrainingEngine } from '../runtime/engines/engine.js';
import { nthSizes, settings } from './arbitraries.js';
import { type Case, type Property, properties } from './properties.js';

export interface VerifyOptions {
  readonly engine: TrainingEngine;
  /** Cases of each property; default 20. */
  readonly runs?: number;
  /** The same seed tries the same cases; default 0. */
  readonly seed?: number;
  /** `--set` values that stay; other params vary. */
  readonly set?: Readonly<Record<string, string>>;
  /** The files that the spec imports (`load().imports`). */
  readonly imports?: readonly ImportedFile[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (property: string, done: number, total: number) => void;
}

/** The smallest case found for which a property fails: what to give to `unetc` to see it again. */
export interface Counterexample {
  readonly set: Readonly<Record<string, string>>;
  readonly level: number;
  readonly mode: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly seed: number;
}

export interface Verified {
  readonly name: string;
  readonly claim: string;
  readonly runs: number;
  readonly ok: boolean;
  readonly counterexample: Counterexample | null;
  readonly reason: string | null;
}

export interface Verification {
  readonly seed: number;
  readonly properties: readonly Verified[];
}

/**
 * Property-tests one spec: random params, valid sizes, batches, levels and modes against every property of
 * `testing/properties`. A failing case is shrunk: to the spec's own params, the smallest size, the lowest level.
 *
 * @throws UserError if the spec does not compile as it is
 */
export async function verify(text: string, options: VerifyOptions): Promise<Verification> {
  const { runs = 20, seed = 0, signal } = options;
  const fixed = options.set ?? {};
  // Facts about the spec's own params need not hold of others.
  const free = withoutExpects(text);
  const files = fromFiles(options.imports ?? []);
  const own = load(free, { set: fixed, resolve: files });
  if (!own.network) {
    const first = own.diagnostics.find((d) => d.severity === 'error');
    throw new UserError(
      'verify-spec',
      `the spec does not compile: ${first?.message ?? 'no network'}`,
      "see 'unetc check'",
    );
  }
  const varied = Object.fromEntries(Object.entries(own.params).filter(([name]) => !(name in fixed)));
  const resolve = resolver(free, fixed, files, own);
  const found: Verified[] = [];
  for (const property of properties) {
    let done = 0;
    const check = fc.asyncProperty(choices(varied), async (choice) => {
      signal?.throwIfAborted();
      await property.check(options.engine, resolve(choice).tried);
      options.onProgress?.(property.name, Math.min(++done, runs), runs);
    });
    const details = await fc.check(check, { numRuns: runs, seed });
    signal?.throwIfAborted();
    found.push(verified(property, details, resolve));
  }
  return { seed, properties: found };
}

/** What fast-check draws: independent of the network, whose levels and sizes depend on the params drawn. */
interface Choice {
  readonly set: Readonly<Record<string, string>>;
  readonly selection: number;
  readonly batch: number;
  readonly sizes: readonly number[];
  readonly seed: number;
}

const choices = (params: Readonly<Record<string, unknown>>): fc.Arbitrary<Choice> =>
  fc.record({
    set: settings(params),
    selection: fc.nat({ max: 1 << 16 }),
    batch: fc.integer({ min: 1, max: 3 }),
    sizes: fc.array(fc.nat({ max: 2 }), { minLength: 3, maxLength: 3 }),
    seed: fc.nat({ max: 1 << 16 }),
  });

type Resolved = { readonly tried: Case; readonly set: Readonly<Record<string, string>> };

/** Choices as cases; params that the spec refuses fall back to its own, so that no run is wasted. */
function resolver(
  text: string,
  fixed: Readonly<Record<string, string>>,
  files: Resolve,
  own: Loaded,
): (choice: Choice) => Resolved {
  const loaded = new Map<string, Loaded>();
  return (choice) => {
    const key = JSON.stringify(choice.set);
    const known = loaded.get(key) ?? load(text, { set: { ...fixed, ...choice.set }, resolve: files });
    loaded.set(key, known);
    const { network, recipe } = known.network ? known : own;
    if (!network) throw new Error('a spec that compiled has no network');
    const selection = network.modeOutputs[choice.selection % network.modeOutputs.length];
    return {
      tried: {
        network,
        recipe,
        level: selection?.level ?? 1,
        mode: selection?.mode ?? 'default',
        sizes: smallest(network, choice),
        seed: choice.seed,
      },
      set: known.network ? choice.set : {},
    };
  };
}

const smallest = (network: Network, { batch, sizes }: Choice): Readonly<Record<string, number>> =>
  nthSizes(network, batch, sizes);

function verified(
  { name, claim }: Property,
  details: fc.RunDetails<[Choice]>,
  resolve: (c: Choice) => Resolved,
): Verified {
  const { failed, numRuns, counterexample } = details;
  if (!failed || !counterexample)
    return { name, claim, runs: numRuns, ok: !failed, counterexample: null, reason: null };
  const { tried, set } = resolve(counterexample[0]);
  const { level, mode, sizes, seed } = tried;
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return { name, claim, runs: numRuns, ok: false, counterexample: { set, level, mode, sizes, seed }, reason };
}

/** The text with its `expect` lines blanked, so that everything else stays where it is. */
function withoutExpects(text: string): string {
  let free = text;
  for (const network of parse(text).tree.networks) {
    for (const item of network.items) {
      if (item.kind !== 'expect') continue;
      const { start, end } = item.span;
      const blank = free.slice(start.offset, end.offset).replace(/[^\n]/g, ' ');
      free = free.slice(0, start.offset) + blank + free.slice(end.offset);
    }
  }
  return free;
}
