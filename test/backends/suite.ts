import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Graph } from '../../compiler/index.js';
import { opNames } from '../../compiler/ops/index.js';
import { type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { oneOperator } from '../ops/build.js';
import { closeChromium } from './chromium.js';
import { corners } from './corners.js';
import { type Backend, backends, type Opened, type Section } from './engines.js';
import { differentiable, inferenceOps, type Trial, trialsOf, usualCases } from './operators.js';
import {
  everySelection,
  fewSelections,
  judge as judgePreset,
  nameInWhole,
  type Preset,
  presets,
  randomNetworks,
  selected,
  weightsFor,
} from './presets.js';
import { beyond } from './rounding.js';
import { type Check, documented, Tally, tableOf, writeTable } from './table.js';
import { byTrainer, judge as judgeRun, oneStep, type Run, tenSteps } from './training.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/**
 * Declares the tests of some engines, which are a table of docs/backends.md. Every engine and device of this machine is held against the
 * reference in double precision, within bounds that follow from its arithmetic (rounding.ts). UPDATE=1 writes what was found
 * into the document; UNETC_CASES and UNETC_SEED choose the random cases.
 */
export function suiteOf(section: Section): void {
  const rows = backends.filter((b) => b.section === section);
  const tallies = new Map(rows.map((b) => [b.name, new Tally()]));

  afterAll(async () => {
    await closeChromium();
    const table = tableOf(tallies);
    console.log(`\n${table}\n`);
    if (process.env.UPDATE) writeTable(section, table);
  });

  test('docs/backends.md has a row for each', () => {
    expect(documented(section)).toEqual(rows.map((b) => b.name));
  });

  describe.each(rows)('$name', (backend) => testsOf(backend, tallies.get(backend.name) as Tally));
}

function testsOf(backend: Backend, tally: Tally): void {
  let engine: Opened;
  beforeAll(async () => {
    const opened = await backend.open();
    if (typeof opened === 'string') tally.missing = opened;
    else engine = opened;
  }, 60_000);

  /** A test that is skipped, with the reason, where the engine is missing. */
  const check = (kind: Check, name: string, run: () => Promise<boolean>): void =>
    test(`${kind}: ${name}`, async ({ skip }) => {
      if (tally.missing !== undefined) return skip(tally.missing);
      await tally.count(kind, run);
    });

  /** What it answers; nothing where it says that it can't, in words that its row knows. */
  const attempt = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      const lack = backend.lacks?.find(({ says }) => says?.test((error as Error).message));
      if (!lack) throw error;
      tally.cannot(lack.what);
      return undefined;
    }
  };

  // Of those that take long, some.
  const some = <T>(list: readonly T[], every: number): readonly T[] =>
    backend.share === undefined ? list : list.filter((_, k) => k % every === 0);

  const answer = (graph: Graph, feeds: Tensors) => attempt(() => engine.run(graph, feeds));

  /** What a check found wrong, without what the row knows. */
  const unknown = (wrong: readonly string[]): string[] =>
    wrong.filter((text) => {
      const lack = backend.lacks?.find((l) => l.wrong?.test(text));
      if (lack) tally.cannot(lack.what);
      return lack === undefined;
    });

  const expectTrials = async (trials: readonly Trial[]): Promise<boolean> => {
    const wrong: string[] = [];
    let able = 0;
    for (const { what, graph, feeds, due, bounds } of trials) {
      const got = await answer(graph, feeds);
      if (!got) continue;
      able++;
      wrong.push(...beyond(got, due, bounds).map((w) => `${what}: ${w}`));
    }
    expect(unknown(wrong)).toEqual([]);
    return able > 0;
  };

  for (const op of backend.trains ? opNames : inferenceOps)
    check('operators', op, () => expectTrials(trialsOf(op, 'forward', backend)));

  if (backend.trains) {
    for (const op of differentiable) check('gradients', op, () => expectTrials(trialsOf(op, 'gradient', backend)));

    for (const { what, op, attrs, inputs, relative = 0 } of corners) {
      check('corners', `${what}, ${JSON.stringify(attrs)}`, async () => {
        const { graph, feeds } = oneOperator(op, { attrs, inputs });
        const got = await answer(graph, feeds);
        if (!got) return false;
        kernels[op](attrs, inputs).forEach((due, k) => {
          const { data } = got.get(`y${k}`)!;
          const off = Array.from(
            Float32Array.from(due.data),
            (v, i) => Math.abs(data[i]! - v) - relative * Math.abs(v),
          );
          expect(Math.max(...off)).toBeLessThanOrEqual(0);
        });
        return true;
      });
    }

    const trains = (kind: Check, run: Run): void =>
      check(kind, run.name, async () => {
        const got = await attempt(async () => {
          const trainer = await engine.trainer!(run.plan, run.start);
          return byTrainer(run, trainer).finally(() => trainer.dispose());
        });
        if (!got) return false;
        const { due, bounds } = judgeRun(run, backend);
        expect(beyond(got, due, bounds)).toEqual([]);
        return true;
      });
    for (const run of oneStep) trains('training step', run);
    for (const run of some(tenSteps, 2)) trains('ten steps', run);
  }

  const answers = (kind: Check, preset: Preset): void =>
    check(kind, preset.name, async () => {
      const { network } = preset;
      for (const selection of (backend.everySelection ? everySelection : fewSelections)(network)) {
        const answered = await attempt(async () => {
          const model = await engine.model(selected(preset, selection), weightsFor(preset, backend.precision));
          const found = [];
          for (const image of preset.images) found.push(await model.run(image));
          await model.dispose();
          return found;
        });
        if (!answered) return false;
        for (const [k, found] of answered.entries()) {
          const { due, bounds } = judgePreset(preset, k, backend);
          const named = [...found].map(([name, t]) => [nameInWhole(network, selection, name), t] as const);
          const got = new Map(named.map(([name, t]) => [name, tensor(t.shape, t.data)]));
          const asked = new Map(named.map(([name]) => [name, due.get(name) as Float64Tensor]));
          expect(asked.size).toBeGreaterThan(0);
          // Two engines that are each this near the reference are within 1e-4 of one another: what is built answers alike.
          const most = backend.precision === 'fp32' ? 5e-5 : Number.POSITIVE_INFINITY;
          const near = new Map([...bounds].map(([name, bound]) => [name, Math.min(bound, most)]));
          expect(beyond(got, asked, near), `${JSON.stringify(selection)}, image ${k}`).toEqual([]);
        }
      }
      return true;
    });
  for (const preset of some(presets, 5)) answers('presets', preset);
  for (const preset of some(randomNetworks, 3)) answers('1-D and 3-D', preset);

  test.runIf(usualCases)('cannot do what its row says it cannot', ({ skip }) => {
    if (tally.missing !== undefined) return skip(tally.missing);
    const due = (backend.lacks ?? []).filter((l) => !l.rare).map((l) => l.what);
    expect([...tally.unable].sort()).toEqual(due.sort());
  });
}
