// What computing values twice costs in TensorFlow: `node bench/memory/twice.mjs [PRESET] [EDGE] [BATCH]`, after npm run build. Steps take turns.
import { countMacs, executionPlan, recompute } from '../../dist/compiler/index.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';
import { runnableStep, timed } from '../../dist/runtime/profiling/calibrate/measure.js';
import { loadPreset } from './networks.mjs';

const [spec = 'unetpp-bn', edge = '96', batch = '4'] = process.argv.slice(2);
const { network, recipe, size } = loadPreset(spec, Number(edge), Number(batch));
const titles = [];
const runnables = [];
for (const share of [1, 0.6, 0.5]) {
  const smaller = (plan) => {
    const plain = executionPlan(plan.graph).peakBytes;
    const found =
      share === 1 ? undefined : recompute(plan.graph, (graph) => executionPlan(graph).peakBytes <= share * plain);
    if (share !== 1 && !found) throw new Error(`no step of ${spec} needs ${share} of what the plain one does`);
    const extra = (100 * (found?.extraMacs ?? 0)) / countMacs(plan.graph);
    titles.push(
      `at most ${share} of the plain step's peak: ${found?.nodes ?? 0} values twice, ${extra.toFixed(1)} % more MACs`,
    );
    return found ? { ...plan, graph: found.graph } : plan;
  };
  runnables.push(await runnableStep(network, recipe, tensorflow(), Number(batch), size, smaller));
}
const seconds = await timed(runnables, { rounds: 12 });
for (const [k, s] of seconds.entries()) {
  console.log(`${(1000 * s).toFixed(0)} ms  ${(s / seconds[0]).toFixed(2)}x  ${titles[k]}`);
}
for (const r of runnables) await r.dispose();
