import { UserError } from '../compiler/user-error.js';
import { type Dataset, openFolder, readList, resolveNames } from '../runtime/data/index.js';
import { titleOf } from '../runtime/engines/engine.js';
import { type Comparison, compareScores } from '../runtime/evaluation/compare.js';
import { judgeModel } from '../runtime/evaluation/evaluate-model.js';
import type { JudgedSide } from '../runtime/evaluation/judge.js';
import { caseRows, type Judgement, judgementOf } from '../runtime/evaluation/rows.js';
import type { Scores } from '../runtime/evaluation/scores.js';
import { isRun, type Model, openModel } from '../runtime/prediction/model.js';
import { openRun } from '../runtime/run/run-folder.js';
import { judgedFormat } from '../runtime/run/task.js';
import { writeAtomic } from '../runtime/support/files/atomic.js';
import type { EvalOptions } from './commands/eval.js';
import { UsageError } from './errors.js';
import { dataSource } from './flags/data.js';
import { chooseEngine } from './flags/engines.js';
import { dataText, imagesToJudge, type JudgedData, namedImages } from './flags/held-out.js';
import { parseMaskOptions } from './flags/masks.js';
import { parseMeasures } from './flags/measures.js';
import { parseLevel } from './flags/options.js';
import { chooseSelection } from './flags/selection.js';
import type { Io, Outcome } from './io.js';
import { casesCsv } from './render/cases.js';
import { comparedTable, comparisonText } from './render/comparison.js';
import { progressBar } from './render/progress.js';

/** One of the models that are compared. */
export interface Compared extends Judgement {
  /** Its path, as it was named. */
  readonly model: string;
  readonly level: number;
  readonly mode: string;
}

/** A later model against the first. */
export interface ComparedPair extends Comparison {
  readonly a: string;
  readonly b: string;
}

interface Opened {
  readonly path: string;
  readonly model: Model;
  readonly dataset: Dataset;
  readonly data: JudgedData;
  readonly level: number;
  readonly mode: string;
}

/**
 * `unetc eval A B ... --data DIR`: runs and model files on the same images, at the images' own sizes, and how far each lies from the
 * first, paired by image. Images are those fair to all of them.
 */
export async function compareModels(paths: readonly string[], options: EvalOptions, io: Io): Promise<Outcome> {
  const twice = paths.find((path, k) => paths.indexOf(path) !== k);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice`, 'name different runs or models');
  const scores = parseMeasures(options);
  const opened: Opened[] = [];
  const bar = await progressBar(io, 'evaluating');
  const engines = new Set<string>();
  try {
    for (const path of paths) opened.push(await open(path, options, engines, io));
    const names = common(opened);
    const sides: JudgedSide[] = [];
    for (const [k, { model, dataset }] of opened.entries()) {
      sides.push(
        await judgeModel({
          model,
          dataset: namedImages(dataset, names),
          scores,
          signal: io.interruption(),
          onProgress: (done, total) => bar.update(k * total + done, opened.length * total),
        }),
      );
    }
    const models = opened.map(
      ({ path, level, mode }, k): Compared => ({
        model: path,
        level,
        mode,
        ...judgementOf(nativeOnly(sides[k] as JudgedSide)),
      }),
    );
    const native = (k: number): Scores => (sides[k] as JudgedSide).native[0] as Scores;
    const comparisons = paths.slice(1).map(
      (path, k): ComparedPair => ({
        a: paths[0] as string,
        b: path,
        ...compareScores(native(0), native(k + 1), names),
      }),
    );
    const cases = opened.flatMap((one, k) =>
      caseRows(nativeOnly(sides[k] as JudgedSide), names, one.model.task.classes, one).map((row) => ({
        model: one.path,
        ...row,
      })),
    );
    if (options.csv !== undefined) {
      const model = new Map<object, string>(cases.map((row) => [row, row.model]));
      await writeAtomic(
        options.csv,
        casesCsv(cases, (row) => model.get(row) ?? ''),
      );
    }
    const seen = new Set(opened.flatMap((one) => one.data.trainedOn ?? []));
    const data = {
      ...(opened[0] as Opened).data,
      images: names.length,
      trainedOn: names.filter((name) => seen.has(name)),
    };
    return {
      json: { images: names.length, data, models, comparisons, cases },
      text: [
        `${dataText(data)}, at their own size; ${[...engines].join(', ')}`,
        '',
        comparedTable(models),
        ...comparisons.flatMap((pair) => ['', comparisonText(pair)]),
      ].join('\n'),
    };
  } finally {
    bar.stop();
    for (const { model } of opened) await model.predictor.dispose();
  }
}

/** Models may work at different sizes: what is compared is what they say of the images as they are. */
const nativeOnly = (side: JudgedSide): JudgedSide => ({ ...side, scores: side.native });

async function open(path: string, options: EvalOptions, engines: Set<string>, io: Io): Promise<Opened> {
  const listed = options.split === undefined ? undefined : await readList(options.split);
  const source = dataSource(options, 'eval');
  const stated = parseMaskOptions(options);
  const named = (dataset: Dataset) => listed && resolveNames(dataset, listed);
  if (!(await isRun(path))) {
    const engine = await chooseEngine(options, 'open');
    engines.add(titleOf(engine));
    const model = await openModel(path, { engine, trust: options.trust });
    const opened = await openFolder(source, judgedFormat(model.task, stated));
    const { level = Number.NaN, mode = '' } = model.selection ?? {};
    return { path, model, level, mode, ...(await imagesToJudge(opened, null, named(opened), io)) };
  }
  const { network, record } = await openRun(path);
  const prune = (options.prune ?? 'all') === 'all' ? undefined : `L${parseLevel(options.prune ?? '')}`;
  const { level, mode } = chooseSelection(network, prune === undefined ? {} : { prune });
  const opened = await openFolder(source, judgedFormat(record.task, stated));
  const fair = await imagesToJudge(opened, { folder: path, record }, named(opened), io);
  const engine = await chooseEngine(options);
  engines.add(titleOf(engine));
  return { path, model: await openModel(path, { engine, level, mode }), level, mode, ...fair };
}

/** Names of the images that are fair to all. @throws UserError if there are none, or classes differ */
function common(opened: readonly Opened[]): string[] {
  const [first, ...rest] = opened as [Opened, ...Opened[]];
  const classes = ({ model: { task } }: Opened): string => task.classes.join(', ');
  const other = rest.find((o) => o.model.task.classes.length !== first.model.task.classes.length);
  if (other) {
    throw new UserError(
      'compare-classes',
      `${first.path} has the classes ${classes(first)}, and ${other.path} ${classes(other)}`,
      'compare models of the same classes',
    );
  }
  const names = first.dataset.names.filter((name) => rest.every((o) => o.dataset.names.includes(name)));
  if (names.length > 0) return names;
  throw new UserError(
    'compare-nothing',
    `no image of ${first.data.folder} is fair to all of ${opened.map((o) => o.path).join(', ')}: each held out others`,
    'name images with --split, or judge them on a folder that none was trained on',
  );
}
