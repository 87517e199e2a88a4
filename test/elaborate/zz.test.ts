import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'vitest';
import { brief, nested, paths, run } from './specs.js';

it('x', () => {
  const r = run(nested);
  console.log(brief(r.diagnostics).join('\n'), r.network?.steps.length, r.network?.edges.length);
  console.log(paths(r.network!).join(' '));
  console.log(JSON.stringify(r.recipe));
  for (const f of readdirSync('specs')) {
    try {
      const q = run(readFileSync('specs/' + f, 'utf8'));
      console.log(f, q.network?.steps.length, brief(q.diagnostics).join('\n'));
    } catch (e) {
      console.log(f, e);
    }
  }
});
