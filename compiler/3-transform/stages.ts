import { GraphBuilder, nextId, withoutDeadNodes } from '../ir/builder.js';
import { sameShape } from '../ir/dim.js';
import type { Graph, NamedValue, Network, Node, Param, Value } from '../ir/graph.js';
import { probabilitiesOf, uncertaintyOf } from './uncertainty.js';

/** The levels of an adaptive model, and the network's mode that their outputs are of. */
export interface StageSelection {
  /** Ascending, at least two. */
  readonly levels: readonly number[];
  readonly mode: string;
}

/** Why a network's levels can't be stages of one model, and what would make them so. */
export interface StageRefusal {
  readonly code: 'one-level' | 'no-probabilities' | 'levels-differ' | 'name-taken';
  readonly message: string;
  readonly hint: string;
}

/** What one level adds to those before it. */
export interface Stage {
  readonly level: number;
  /** Nodes that no earlier stage has, in order; they may use any value of this stage or an earlier one. */
  readonly nodes: readonly Node[];
  /** Parameters that no earlier stage uses. */
  readonly params: readonly Param[];
  readonly answer: Value;
  /** [N], in 0 .. 1: the uncertainty of the output for each image; null for the last stage, after which there is none. */
  readonly uncertainty: Value | null;
}

/** A network's levels as stages of one computation: where a stage's output is certain enough, no later stage is computed. */
export interface StagedGraph {
  readonly inputs: readonly NamedValue[];
  /** The output of every stage, by the network's name for it. */
  readonly outputName: string;
  readonly stages: readonly Stage[];
}

/** The name of the output of an adaptive model that holds the level the result is from. */
export const levelOutput = 'level';

/** The default mode of the levels' outputs: `fast`, a level's own head, where the network has it, else its first. */
export const levelMode = (network: Network): string =>
  network.modes.includes('fast') ? 'fast' : (network.modes[0] as string);

/** Levels up to `top` that have an output in a mode; ascending. */
export const levelsOf = (network: Network, mode: string, top = Number.POSITIVE_INFINITY): number[] =>
  network.levels.filter(
    (level) => level <= top && network.modeOutputs.some((m) => m.level === level && m.mode === mode),
  );

/** Null if these levels can be stages of one model. */
export function checkStages(network: Network, { levels, mode }: StageSelection): StageRefusal | null {
  const { name, graph } = network;
  const refuse = (code: StageRefusal['code'], message: string, hint: string): StageRefusal => ({
    code,
    message,
    hint,
  });
  if (levels.length < 2) {
    const where = levels.length === 0 ? 'no level' : `L${levels[0]} alone`;
    return refuse(
      'one-level',
      `${name} answers in mode ${mode} at ${where}: there is nothing to stop before`,
      'declare a head for each level, as in head S[j in 1..depth] = X[0, j] |> conv(1, kernel: 1) |> sigmoid',
    );
  }
  if ([network.outputName, ...graph.inputs.map((i) => i.name)].includes(levelOutput)) {
    return refuse(
      'name-taken',
      `${name} calls its input or output ${levelOutput}, which is what says which level answered`,
      'give it another name, as in output mask',
    );
  }
  const answers = levels.map((level) => answerOf(network, level, mode));
  const kinds = answers.map((v) => probabilitiesOf(graph, v));
  if (kinds.includes(null)) {
    return refuse(
      'no-probabilities',
      `L${levels[kinds.indexOf(null)]} of ${name} does not answer in probabilities, so it can't say how sure it is`,
      'let every head end in a sigmoid or softmax',
    );
  }
  const shape = (answers[0] as Value).type.shape;
  const odd = answers.findIndex((v, k) => !sameShape(v.type.shape, shape) || kinds[k] !== kinds[0]);
  if (odd >= 0) {
    return refuse(
      'levels-differ',
      `L${levels[odd]} of ${name} answers in another shape or activation than L${levels[0]}`,
      'bring every head to one size, one number of channels, and one activation',
    );
  }
  return null;
}

/** `mask@L2` */
const answerName = (network: Network, level: number): string => `${network.outputName}@L${level}`;
/** `uncertainty@L2` */
export const uncertaintyName = (level: number): string => `uncertainty@L${level}`;

/**
 * One graph of the outputs of all these levels (`mask@L1`, `mask@L2`, ...), and of the uncertainty of each but the last (`uncertainty@L1`, ...).
 * It is a graph as any other: simplify it, fold it, and cut it with `intoStages` in the end. Throws if `checkStages` would refuse.
 */
export function answerAtLevels(network: Network, selection: StageSelection): Graph {
  const wrong = checkStages(network, selection);
  if (wrong) throw new Error(wrong.message);
  const { graph } = network;
  const answers = selection.levels.map((level) => ({
    name: answerName(network, level),
    value: answerOf(network, level, selection.mode),
  }));
  const build = new GraphBuilder(nextId(graph), (graph.nodes[0] as Node).origin);
  const doubts = answers.slice(0, -1).map(({ value }, k) => {
    const name = uncertaintyName(selection.levels[k] as number);
    build.from({ ...value.origin, path: name });
    return { name, value: uncertaintyOf(build, value, probabilitiesOf(graph, value) ?? 'sigmoid') };
  });
  return withoutDeadNodes({ ...graph, nodes: [...graph.nodes, ...build.nodes], outputs: [...answers, ...doubts] });
}

/**
 * Cuts a graph of `answerAtLevels`, whatever passes have made of it since, into stages: a node belongs to the first level that
 * needs it. Every node and parameter is in exactly one stage.
 */
export function intoStages(graph: Graph, network: Network, levels: readonly number[]): StagedGraph {
  const output = (name: string): Value | null => graph.outputs.find((o) => o.name === name)?.value ?? null;
  const taken = new Set<number>();
  const stages = levels.map((level): Stage => {
    const answer = output(answerName(network, level));
    if (!answer) throw new Error(`the graph has no answer of L${level}`);
    const uncertainty = output(uncertaintyName(level));
    const live = new Set([answer.id, ...(uncertainty ? [uncertainty.id] : [])]);
    const nodes = graph.nodes.toReversed().filter((node) => {
      if (!node.outputs.some((o) => live.has(o.id))) return false;
      for (const input of node.inputs) live.add(input.id);
      return true;
    });
    const isNew = (v: Value): boolean => !taken.has(v.id);
    const stage = {
      level,
      nodes: nodes.reverse().filter((n) => isNew(n.outputs[0] as Value)),
      params: graph.params.filter((p) => live.has(p.id) && isNew(p)),
      answer,
      uncertainty,
    };
    for (const v of [...stage.params, ...stage.nodes.flatMap((n) => n.outputs)]) taken.add(v.id);
    return stage;
  });
  return { inputs: graph.inputs, outputName: network.outputName, stages };
}

function answerOf(network: Network, level: number, mode: string): Value {
  const found = network.modeOutputs.find((m) => m.level === level && m.mode === mode);
  if (!found) throw new Error(`${network.name} has no ${mode} at L${level}`);
  return found.value;
}
