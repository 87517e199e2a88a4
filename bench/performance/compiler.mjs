// The compiler itself: how long a build takes, and how that grows.
import { jsonOf } from '../report/spawn.mjs';

export const title = 'The compiler';

export async function measure({ rounds }) {
  const { targets } = jsonOf('compile.mjs', ['--json']);
  const compiled = targets.flatMap(({ target, first, median }) => [
    {
      what: `UNet++ L4 to ${target}, warm`,
      figure: median,
      unit: 'ms',
      goal: { atMost: target === 'onnx' ? 50 : 100 },
    },
    { what: `UNet++ L4 to ${target}, first of the process`, figure: first, unit: 'ms' },
  ]);
  const sizes = jsonOf('huge.mjs', ['--rounds', rounds, '--json']);
  const [small, large] = [1000, 10000].map((nodes) => sizes.find((s) => s.nodes === nodes));
  const each = ({ nodes, best }) => (1000 * best.cpu) / nodes;
  const check = jsonOf('check-startup.mjs', ['--json']);
  return {
    rows: [
      ...compiled,
      { what: 'grid of 10,000 nodes to ONNX, warm', figure: large.best.wall / 1000, unit: 's', goal: { atMost: 1 } },
      {
        what: 'grid of 10,000 nodes to ONNX, first of the process',
        figure: large.first.wall / 1000,
        unit: 's',
        goal: { atMost: 1 },
      },
      { what: 'time a node, 10,000 nodes against 1,000', figure: each(large) / each(small), note: 'linear is 1' },
      {
        what: '`unetc check` as a process',
        figure: check.check,
        unit: 'ms',
        goal: { atMost: 150 },
        note: `\`node -e 0\` takes ${check.bare.toFixed(0)} ms`,
      },
    ],
    text: '`bench/compile.mjs`, `bench/huge.mjs` (plot: docs/huge.svg), `bench/check-startup.mjs`.',
  };
}
