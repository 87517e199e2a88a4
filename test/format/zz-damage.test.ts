import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'vitest';
import { format } from '../../grammar/format/index.js';
const specs = readdirSync('specs').map((n) => readFileSync(`specs/${n}`, 'utf8'));
const vocabulary = [
  ...'network param let input block grid head output expect train in when if then else for and or not true false at import'.split(' '),
  ...'{ } ( ) [ ] = , : |> .. + - * / % ^ == != < <= > >= 1 0.5 3e-4 256x256 "s" X i j f \n \n // /* */ " \' $ # ; && 3px é \r \u2028 \ufeff'.split(' '),
];
test('damage', () => {
  const bad: Record<string, string[]> = {};
  const add = (k: string, t: string) => { (bad[k] ??= []).push(t); };
  const edit = fc.tuple(fc.constantFrom('remove', 'double', 'insert', 'byte'), fc.nat(), fc.constantFrom(...vocabulary), fc.integer({ min: 0, max: 255 }));
  const arb = fc.tuple(fc.constantFrom(...specs), fc.array(edit, { minLength: 1, maxLength: 5 }), fc.boolean());
  let tf = 0; let net = 0; let n = 0; let kept0 = 0;
  for (const [spec, edits, squeeze] of fc.sample(arb, { numRuns: Number(process.env.N ?? 3000), seed: Number(process.env.SEED ?? 1) })) {
    let text = spec;
    for (const [kind, at, word, byte] of edits) {
      const words = text.match(/\/\/.*|"[^"]*"|\w+|\|>|\.\.|\s+|[^\s\w]/g)!;
      const i = at % words.length;
      if (kind === 'remove') words[i] = '';
      else if (kind === 'double') words[i] = `${words[i]} ${words[i]}`;
      else if (kind === 'insert') words[i] += ` ${word} `;
      else words[i] += String.fromCharCode(byte);
      text = words.join('');
    }
    if (squeeze) text = text.replace(/\n +/g, '\n').replace(/\n\n/g, '\n');
    n++;
    const a = performance.now();
    let r;
    try { r = format(text); } catch (e) { add('throw', (e as Error).stack + text); continue; }
    tf += performance.now() - a;
    if (r.kept.some((k) => k.start.offset === 0 && k.end.offset === text.length)) { net++; add('net', text); }
    if (r.kept.length === 0) kept0++;
    const again = format(r.text);
    if (again.text !== r.text) add('idem', `${text}\n=======\n${r.text}\n=====\n${again.text}`);
    for (const k of r.kept) if (!r.text.includes(text.slice(k.start.offset, k.end.offset))) add('kept', text);
  }
  console.log({ n, tf, net, kept0 });
  for (const [k, v] of Object.entries(bad)) {
    v.sort((a, b) => a.length - b.length);
    console.log(`######## ${k}: ${v.length}\n${v.slice(0, 1).join('\n--------\n')}`);
  }
});
