// What a language service takes on a long spec: `node bench/lsp.mjs [lines]`, after `npm run build`. Wall and CPU time, in
// milliseconds, the slowest of 20 places each after an edit of its own, so that nothing is left over from an answer before.
import * as language from '../dist/language/index.js';

const lines = Number(process.argv[2] ?? 2000);
const head = ['network Long {', '  param width = [8, 16, 32]', '  input image: f32[N, 3, H, W]'];
const tail = ['  head S = B0(image, width[0]) |> conv(1, kernel: 1) |> sigmoid', '  output mask = S', '}', ''];
const blocks = [];
for (let k = 0; blocks.length + head.length + tail.length < lines; k++) {
  blocks.push(
    `  block B${k}(x, c) {`,
    '    let y = x |> conv(c, kernel: 3) |> batchnorm |> relu',
    '    add(x |> conv(c, kernel: 1), y |> conv(c, kernel: 3)) |> relu',
    '  }',
  );
}
const text = [...head, ...blocks, ...tail].join('\n');

const spent = (work) => {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const result = work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wall: performance.now() - wall, cpu: (user + system) / 1000 };
};
const services = {
  hover: (a, at) => language.hover(a, at),
  completion: (a, at) => language.complete(a, at),
  symbols: (a) => language.outline(a),
  'semantic tokens': (a) => language.semanticTokens(a),
  'inlay hints': (a) => language.hints(a),
};
const most = {};
const note = (name, { wall, cpu }) => {
  most[name] = { wall: Math.max(most[name]?.wall ?? 0, wall), cpu: Math.max(most[name]?.cpu ?? 0, cpu) };
};
for (let round = 0; round < 25; round++) {
  const at = text.indexOf('conv(c', Math.floor((text.length * round) / 26)) + 2;
  const edited = `${text.slice(0, at)}${text.slice(at)}// ${round}\n`;
  const analysis = spent(() => language.analyse(edited));
  // The first rounds compile the code itself.
  if (round >= 5) note('analysis', analysis);
  for (const [name, ask] of Object.entries(services)) {
    const fresh = language.analyse(edited);
    const answer = spent(() => ask(fresh, at));
    if (round >= 5) note(name, answer);
  }
}
console.log(`${text.split('\n').length} lines, ${text.length} characters; slowest of 20`);
for (const [name, { wall, cpu }] of Object.entries(most))
  console.log(`${name.padEnd(16)} ${wall.toFixed(1).padStart(8)} ms wall ${cpu.toFixed(1).padStart(8)} ms CPU`);
