import fc from 'fast-check';
import { test } from 'vitest';
import { format } from '../../grammar/format/index.js';
import { parse } from '../../grammar/index.js';
import { randomSpecs } from './random-spec.js';
import { withoutSpans } from './trees.js';

test('fuzz', () => {
  const seed = Number(process.env.SEED ?? 1);
  const bad: Record<string, string[]> = {};
  const add = (k: string, t: string) => {
    (bad[k] ??= []).push(t);
  };
  let total = 0;
  let chars = 0;
  const t0 = performance.now();
  let tf = 0;
  for (const { text, comments } of fc.sample(randomSpecs({ comments: process.env.C !== '0' }), {
    numRuns: Number(process.env.N ?? 3000),
    seed,
  })) {
    total++;
    chars += text.length;
    const before = parse(text);
    if (before.diagnostics.length) {
      add('invalid', text + '\n##' + before.diagnostics[0]!.message);
      continue;
    }
    const a = performance.now();
    const { text: once, kept } = format(text);
    tf += performance.now() - a;
    if (kept.length) {
      add('kept', text);
      continue;
    }
    const after = parse(once);
    if (after.diagnostics.length) {
      add('broke', text + '\n=====\n' + once);
      continue;
    }
    if (withoutSpans(after.tree) !== withoutSpans(before.tree)) {
      add('tree', text + '\n=====\n' + once);
      continue;
    }
    const again = format(once).text;
    if (again !== once) add('idem', text + '\n=====\n' + once + '\n=====\n' + again);
    for (const l of once.split('\n')) {
      const code = l.replace(/ *(\/\/|\/\*).*$/, '').trimEnd();
      if (process.env.C === '0' && code.length > 88) add('wide', l + '\n=====\n' + once);
    }
    if (/[ \t]\n/.test(once) || /\n\n\n/.test(once)) add('blank', once);
  }
  console.log(total, chars, 'all', performance.now() - t0, 'format', tf);
  for (const [k, v] of Object.entries(bad)) {
    v.sort((a, b) => a.length - b.length);
    console.log(`######## ${k}: ${v.length}\n${v.slice(0, 2).join('\n--------\n')}`);
  }
});
