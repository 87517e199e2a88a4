import { randomInt } from 'node:crypto';
import { type Counterexample, verify as verifySpec } from '../../testing/verify.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { parseCount, parseSettings } from '../flags/options.js';
import { loadSpec } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';
import { sizeText } from '../render/numbers.js';
import { progressBar } from '../render/progress.js';

export interface VerifyOptions extends EngineOptions {
  readonly runs?: string;
  readonly seed?: string;
  readonly set?: string[];
}

/** `unetc verify FILE`: random valid sizes, batches, levels, modes and param values against the engine, failures shrunk. */
export async function verify(file: string, options: VerifyOptions, io: Io): Promise<Outcome> {
  const runs = parseCount(options.runs ?? '10', '--runs', 1, 1_000_000);
  const seed = options.seed === undefined ? randomInt(2 ** 31) : parseCount(options.seed, '--seed', 0);
  const set = parseSettings(options.set);
  const engine = await chooseEngine(options, 'verify');
  const spec = await loadSpec(file, set, io);
  const bar = await progressBar(io, 'verifying');
  const onProgress = (property: string, done: number, total: number): void => bar.update(done, total, property);
  const { properties } = await verifySpec(spec.text, {
    engine,
    runs,
    seed,
    set,
    imports: spec.imports,
    onProgress,
  }).finally(() => bar.stop());
  const ok = properties.every((p) => p.ok);
  const lines = properties.flatMap((p) => [
    `${p.ok ? 'ok    ' : 'FAILED'}  ${p.name}: ${p.claim} (${p.runs} runs)`,
    ...(p.reason ? [`        ${p.reason.split('\n')[0]}`] : []),
    ...(p.counterexample ? [`        for ${caseText(p.counterexample)}`] : []),
  ]);
  const again = ok ? '' : ` (the same again: unetc verify ${file} --runs ${runs} --seed ${seed})`;
  return { json: { ok, seed, properties }, text: [...lines, '', `seed ${seed}${again}`].join('\n'), exit: ok ? 0 : 1 };
}

function caseText({ set, level, mode, sizes, seed }: Counterexample): string {
  const { N, ...spatial } = sizes;
  const params = Object.entries(set).map(([name, value]) => `--set '${name}=${value}'`);
  const size = Object.values(spatial);
  return [
    `L${level} ${mode}`,
    `batch ${N}`,
    ...(size.length > 0 ? [`size ${sizeText(size)}`] : []),
    ...params,
    `weights of seed ${seed}`,
  ].join(', ');
}
