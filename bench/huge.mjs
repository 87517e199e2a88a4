// How the time to compile grows with the number of nodes of a grid: stage by stage, from a spec's text to the bytes of an ONNX file.
//   npm run build && node bench/huge.mjs [--rounds 5] [--sizes 100,300,1000,3000,10000] [--plot docs/huge.svg] [--json]
// Square grids of which each node joins two others, its border of convolutions. Each size has a process of its own: `first`
// is its first compilation, code cold; the stages are the best of the rounds. CPU time, so that other work on the machine counts for
// little; wall time beside it. Weights are drawn before the clock starts.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { plotOf } from './plot.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    sizes: { type: 'string', default: '100,300,1000,3000,10000' },
    plot: { type: 'string' },
    one: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

if (values.one !== undefined) console.log(JSON.stringify(await measure(Number(values.one), Number(values.rounds))));
else {
  const results = values.sizes.split(',').map((nodes) => {
    const script = fileURLToPath(import.meta.url);
    const ran = spawnSync(process.execPath, [script, '--one', nodes, '--rounds', values.rounds], { encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout);
  });
  if (values.json) {
    console.log(JSON.stringify(results));
    process.exit();
  }
  const stages = Object.keys(results[0].best.stages);
  console.log(['nodes', ...stages, 'all, ms CPU', 'us a node', 'wall', 'first, CPU', 'wall'].join(' | '));
  for (const { nodes, best, first } of results) {
    const ms = stages.map((stage) => best.stages[stage].toFixed(1));
    const each = ((1000 * best.cpu) / nodes).toFixed(1);
    const times = [best.wall, first.cpu, first.wall].map((t) => t.toFixed(0));
    console.log([nodes, ...ms, best.cpu.toFixed(1), each, ...times].join(' | '));
  }
  if (values.plot !== undefined) {
    const series = stages.map((stage) => ({
      label: stage,
      points: results.map(({ nodes, best }) => [nodes, best.stages[stage] / 1000]),
    }));
    const all = { label: 'all', points: results.map(({ nodes, best }) => [nodes, best.cpu / 1000]) };
    writeFileSync(values.plot, plotOf([all, ...series], 'nodes of the grid', 'seconds of CPU time'));
  }
}

async function measure(nodes, rounds) {
  const { emitOnnx } = await import('../dist/compiler/5-emit/onnx/index.js');
  const { elaborate } = await import('../dist/compiler/1-elaborate/index.js');
  const { infer } = await import('../dist/compiler/2-infer/index.js');
  const compiler = await import('../dist/compiler/index.js');
  const { initialWeights } = await import('../dist/compiler/6-build/initialize.js');
  const { hugeGrid } = await import('../dist/testing/huge-grid.js');
  const text = hugeGrid(nodes);
  let weights;
  const runs = [];
  for (let round = 0; round < rounds; round++) {
    const stages = {};
    const [start, startCpu] = [performance.now(), process.cpuUsage()];
    const stage = (name, work) => {
      const before = process.cpuUsage();
      const result = work();
      const { user, system } = process.cpuUsage(before);
      stages[name] = (user + system) / 1000;
      return result;
    };
    const { tree, diagnostics } = stage('parse', () => compiler.parse(text));
    const elaborated = stage('elaborate', () => elaborate(tree));
    const { network } = stage('infer', () => infer(elaborated.network));
    if (diagnostics.length + elaborated.diagnostics.length > 0 || network === null) throw new Error('not a network');
    stage('verify', () => compiler.verifyGraph(network.graph));
    const graph = stage('prune, simplify', () => compiler.deploy(network));
    stage('plan', () => compiler.executionPlan(compiler.specializeGraph(graph, { N: 1, H: 64, W: 64 })));
    const skipped = [performance.now(), process.cpuUsage()];
    weights ??= new Map([...initialWeights(graph.params, 0)].map(([path, tensor]) => [path, tensor.data]));
    const drawn = [performance.now() - skipped[0], process.cpuUsage(skipped[1])];
    stage('emit', () => emitOnnx(graph, { weights, name: network.name, metadata: {} }));
    const wall = performance.now() - start - drawn[0];
    const { user, system } = process.cpuUsage(startCpu);
    runs.push({ stages, wall, cpu: (user + system - drawn[1].user - drawn[1].system) / 1000 });
  }
  const [first] = runs;
  return { nodes, first, best: runs.reduce((a, b) => (b.cpu < a.cpu ? b : a)) };
}
