import { type DeviceProfile, type PredictedTime, predictTime } from '../../compiler/4-schedule/time/index.js';
import { type Graph, type Node, optimizeForRuntime } from '../../compiler/index.js';
import { titleOf } from '../../runtime/engines/engine.js';
import { findEngine } from '../../runtime/engines/registry.js';
import { readCalibration, thisMachine } from '../../runtime/profiling/calibrate/stored.js';
import { milliseconds } from './numbers.js';

/** What a run of a graph takes on this machine, on each engine that was calibrated for it. */
export interface Timing {
  /** Keys of `--json`: the preferred engine's time, and all of them; or why there is none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Lines of the summary. */
  readonly lines: readonly string[];
  /** Of one node on the preferred engine; undefined if nothing is known. */
  of(node: Node): number | undefined;
}

/** Predicts from what `unetc doctor --calibrate` stored. @param graph bound, in the precision it will run in */
export async function timingOf(
  graph: Graph,
  purpose: DeviceProfile['purpose'],
  precision: DeviceProfile['precision'],
): Promise<Timing> {
  const known = await readCalibration(await thisMachine());
  if ('missing' in known) return unknown(known.missing, known.remedy);
  const profiles = known.profiles.filter((p) => p.purpose === purpose && p.precision === precision).sort(preferred);
  const [first] = profiles;
  if (!first) {
    const what = `no engine here was calibrated to ${purpose} in ${precision}`;
    return unknown(what, "run 'unetc doctor --calibrate' on a machine that has one");
  }
  const timed = (profile: DeviceProfile) => ({ profile, time: predictTime(executed(graph, profile), profile) });
  const preferredTime = timed(first).time;
  const times = profiles.map(timed);
  const of = (time: PredictedTime) => 1000 * time.seconds;
  const nodes = purpose === 'train' ? preferredTime.nodes : bySource(graph, preferredTime.nodes);
  return {
    json: {
      engine: first.engine,
      milliseconds: of(preferredTime),
      times: times.map(({ profile: { engine, device, precision }, time }) => ({
        engine,
        device,
        precision,
        milliseconds: of(time),
      })),
    },
    lines: times.map(
      ({ profile, time }, k) =>
        `${k === 0 ? 'time' : '    '}        ${milliseconds(of(time))} predicted for ${titleOf({ ...profile, title: findEngine(profile.engine)?.title ?? profile.engine })}`,
    ),
    of: (node) => 1000 * (nodes.get(node) ?? 0),
  };
}

/** The graph that an engine makes of it: `predict` finishes it for its runtime, a training step stays as it is. */
const executed = (graph: Graph, { engine, device, purpose }: DeviceProfile): Graph =>
  purpose === 'predict'
    ? optimizeForRuntime(graph, null, findEngine(engine)?.deployRuntime(device) ?? 'plain').graph
    : graph;

/** The time of what was written in place of each node of `graph`: that bears its path. */
function bySource(graph: Graph, nodes: ReadonlyMap<Node, number>): ReadonlyMap<Node, number> {
  const left = new Map<string, number>();
  for (const [{ origin }, time] of nodes) left.set(origin.path, (left.get(origin.path) ?? 0) + time);
  const found = new Map<Node, number>();
  for (const node of graph.nodes) {
    found.set(node, left.get(node.origin.path) ?? 0);
    left.delete(node.origin.path);
  }
  return found;
}

/** As `--engine auto` chooses: a native library to train, what comes with npm to predict; profiles of the other purpose are not here. */
const preferred = (a: DeviceProfile, b: DeviceProfile): number => rank(a) - rank(b);
const rank = ({ engine, device, purpose }: DeviceProfile): number =>
  (device === 'gpu' ? 0 : 2) + ((findEngine(engine)?.native !== undefined) === (purpose === 'train') ? 0 : 1);

const unknown = (reason: string, remedy: string): Timing => ({
  json: { timeUnknown: { reason, hint: remedy } },
  lines: [`time        not known: ${reason}; ${remedy}`],
  of: () => undefined,
});
