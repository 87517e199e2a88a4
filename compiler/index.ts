import type { Diagnostic } from '../grammar/diagnostic.js';
import { type ImportedFile, type Module, type Resolve, readImports } from './0-import/index.js';
import { elaborate } from './1-elaborate/index.js';
import type { Meanings } from './1-elaborate/raw.js';
import { infer, inferSteps, type TypedSteps } from './2-infer/index.js';
import type { Artifact } from './6-build/artifact.js';
import type { BuildOptions } from './6-build/options.js';
import { withoutEchoes } from './diagnostics/echoes.js';
import { collect, inOrder } from './diagnostics/index.js';
import { checkExpects } from './expects.js';
import type { Network } from './ir/graph.js';
import { checked } from './ir/verify.js';
import { checkLevels } from './levels.js';
import type { Recipe } from './recipe.js';

export interface Loaded {
  readonly text: string;
  /** Null if anything in the network is wrong; `diagnostics` says what. */
  readonly network: Network | null;
  readonly recipe: Recipe;
  readonly hasTrain: boolean;
  /** Names of what its `train` block sets itself: the rest of the recipe is defaults. */
  readonly settings: readonly string[];
  /** The effective value of each `param`. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The files it imports, through others too, in the order in which they are met. */
  readonly imports: readonly ImportedFile[];
  /** In the order of the text, then of the imported files'. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface LoadOptions {
  /** Values for `param`s, as text: `{ width: '[16, 32]' }`; `expect` lines are not checked then. */
  readonly set?: Readonly<Record<string, string>>;
  /** Gives imported files; without it there are those of the standard library only, `std:blocks`. */
  readonly resolve?: Resolve;
  /** The spec's own file name, for a message about files that import each other. */
  readonly file?: string;
}

/** What the stages made of a text, where it is wrong too: what editors show. */
export interface Analyzed extends Loaded {
  /** The syntax trees. */
  readonly root: Module;
  readonly meanings: Meanings;
  /** Types of `meanings.steps`. */
  readonly typed: TypedSteps;
  /** As `network`, and there also if only something beside it is wrong: the recipe, a name, an expectation. */
  readonly sketch: Network | null;
}

/** A spec's text -> a network with proven shapes, and its recipe. Pure; never throws, whatever the text. */
export const load = (text: string, options: LoadOptions = {}): Loaded => analyzeText(text, options);

/** `load`, with what it found on the way. */
export function analyzeText(text: string, options: LoadOptions = {}): Analyzed {
  const { root, files, trees, mistakes, diagnostics: imports } = readImports(text, options);
  const elaborated = elaborate(root.tree, { set: options.set, imports: root.imports });
  const typed = inferSteps(elaborated.meanings.steps);
  const inferred = elaborated.network ? infer(elaborated.network, typed) : { network: null, diagnostics: [] };
  const expects = inferred.network ? checkExpects(inferred.network, elaborated.network?.expects ?? []) : [];
  // A block is typed once for each call: of one kind of mistake at one place the first is kept here too.
  const meaning = collect();
  for (const d of [...elaborated.diagnostics, ...inferred.diagnostics, ...expects]) meaning.add(d);
  const said = [...mistakes, ...imports, ...meaning.list()];
  const right = inferred.network !== null && said.every((d) => d.severity !== 'error');
  const levels = right ? checkLevels(inferred.network, elaborated.network?.heads ?? []) : [];
  const diagnostics = inOrder(
    [...mistakes, ...imports, ...withoutEchoes(trees, mistakes, [...meaning.list(), ...levels])],
    files.map((f) => f.path),
  );
  const broken = diagnostics.some((d) => d.severity === 'error');
  if (inferred.network && !broken) checked('infer', inferred.network.graph);
  return {
    text,
    network: broken ? null : inferred.network,
    recipe: elaborated.recipe,
    hasTrain: elaborated.hasTrain,
    settings: root.tree.trains.flatMap((t) => t.settings.map((s) => s.name.text)),
    params: elaborated.network?.params ?? {},
    imports: files,
    diagnostics,
    root,
    meanings: elaborated.meanings,
    typed,
    sketch: inferred.network,
  };
}

/**
 * A spec, compiled to a file or folder of a format: everything between `load` and bytes. Pure: the same input, the same bytes, in Node
 * and in browsers. Emitters are loaded when first used.
 *
 *   const { files } = await build(load(text), { target: 'onnx', level: 'L2', mode: 'fast', weights });
 *   files.get('model.onnx') // Uint8Array
 *
 * @throws RefusedError (as a rejection) with the diagnostics of a spec that is wrong, or of a network that a format has no words for
 * @throws UserError (likewise) for a level, mode or size that the network does not have, and for weights that do not fit it
 */
export async function build(spec: Loaded, options: BuildOptions): Promise<Artifact> {
  const { buildArtifact } = await import('./6-build/index.js');
  return buildArtifact(spec, options);
}

export type { Diagnostic, Fix, Position, Related, Report, Severity, Span } from '../grammar/diagnostic.js';
export { type Formatted, format } from '../grammar/format/index.js';
export { parse } from '../grammar/index.js';
export { fromFiles, type ImportedFile, type Refused, type Resolve } from './0-import/index.js';
export { standardLibrary } from './0-import/standard/index.js';
export {
  brokenBy,
  describeConstraint,
  describeRules,
  isValidSize,
  nearestSizes,
  nextValid,
  type SizeRule,
  sizeRules,
} from './2-infer/sizes.js';
export { type Sizes, specialize, specializeGraph } from './2-infer/specialize.js';
export { deploy, deployLevels } from './3-transform/deploy.js';
export { foldBatchNorm, type WeightArrays } from './3-transform/fold.js';
export { type HalfLoss, lostInHalf, toHalf } from './3-transform/half.js';
export { type DeployRuntime, deployRuntimes, optimizeForRuntime } from './3-transform/optimize-for-runtime.js';
export { type LowType, lowerPrecision, type PrecisionRule, ruleOf } from './3-transform/precision.js';
export { checkSelection, prune, type Selection, type SelectionError, topLevel } from './3-transform/prune.js';
export {
  calibrationValues,
  type IntegerRuntime,
  integerRuntimes,
  planQuantization,
  type QuantizationPlan,
  type QuantizeOptions,
  quantizableNodes,
  quantize,
  type Range,
  unsupportedReason,
} from './3-transform/quantize/index.js';
export { simplify } from './3-transform/simplify.js';
export {
  checkStages,
  intoStages,
  levelMode,
  levelOutput,
  levelsOf,
  type Stage,
  type StagedGraph,
  type StageSelection,
  uncertaintyName,
} from './3-transform/stages.js';
export { type ChunkedStep, chunkedStep, type StateView } from './3-transform/train/chunked-step.js';
export { trainingPlan } from './3-transform/train/index.js';
export type { Arena, ArenaSlot, TrainingPlan } from './3-transform/training-plan.js';
export type { Buffer } from './4-schedule/arena.js';
export { countMacs, countParameters, nodeMacs, nodeParameters } from './4-schedule/cost.js';
export { type ExecutionPlan, executionPlan } from './4-schedule/index.js';
export {
  type EngineMemory,
  type MemoryHabits,
  type MemoryPurpose,
  type MemoryUse,
  memoryUse,
  neededBytes,
  processBytes,
} from './4-schedule/memory.js';
export { type AliveValue, type Peak, peakOfPlan } from './4-schedule/peak.js';
export { type ReceptiveField, receptiveFields } from './4-schedule/receptive-field.js';
export { type Recomputed, recompute } from './4-schedule/recompute.js';
export { type DeviceProfile, type PredictedTime, predictTime } from './4-schedule/time/index.js';
export {
  type AdaptiveFacts,
  adaptiveKey,
  adaptiveMode,
  type Calibration,
  type LevelFacts,
} from './6-build/adaptive-facts.js';
export {
  type Artifact,
  type BuildReport,
  type HalfReport,
  onnxFile,
  type Port,
  type QuantizationReport,
} from './6-build/artifact.js';
export { RefusedError } from './6-build/format-files.js';
export { initialState, initialWeights } from './6-build/initialize.js';
export { chooseLevels } from './6-build/levels.js';
export {
  type AdaptiveOptions,
  type BuildOptions,
  type FolderOptions,
  isStep,
  type ModelTarget,
  type OnnxOptions,
  type QuantizedOptions,
  type StepOptions,
  type StepTarget,
  type Target,
  targets,
} from './6-build/options.js';
export { type ChosenSelection, chooseSelection, type Level, levelNumber } from './6-build/selection.js';
export { type ChosenSize, chooseSize } from './6-build/size.js';
export { known, knownShape, printDim, printShape } from './ir/dim.js';
export type * from './ir/graph.js';
export { printGraph } from './ir/print.js';
export { verifyGraph } from './ir/verify.js';
export type * from './recipe.js';
export { type AxisRule, type Task, taskOf } from './task.js';
export type * from './tensor.js';
export { UserError } from './user-error.js';
export { version } from './version.js';
