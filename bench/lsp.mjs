// What a language service takes on a long spec: `node bench/lsp.mjs [lines]`, after `npm run build`. Milliseconds, median and slowest
// of 20 places each after an edit of its own, so that nothing is left over from an answer before: of each service inside this
// process, wall and CPU time; and of `unetc lsp`, from sending the edit and the request to the answer, as an editor waits.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';
import * as language from '../dist/language/index.js';
import { longSpec } from './long-spec.mjs';

const lines = Number(process.argv[2] ?? 2000);
const text = longSpec(lines);
// The first rounds compile the code itself.
const [rounds, warming] = [25, 5];
const placeOf = (round) => text.indexOf('conv(c', Math.floor((text.length * round) / (rounds + 1))) + 2;
/** The name of the block that the place is in. */
const nameAt = (at) => text.lastIndexOf('block B', at) + 'block '.length;

/** By service: the times of each round. */
const taken = new Map();
const note = (name, round, times) => {
  if (round >= warming) taken.set(name, [...(taken.get(name) ?? []), times]);
};

const spent = (work) => {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const result = work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, times: [performance.now() - wall, (user + system) / 1000] };
};
const memory = new language.Memory();
const services = {
  hover: (a, at) => language.hover(a, at),
  completion: (a, at) => language.complete(a, at),
  rename: (a, at) => language.rename(a, nameAt(at), 'Renamed'),
  formatting: (a) => language.formatter(a.text, memory),
  symbols: (a) => language.outline(a),
  'semantic tokens': (a) => language.semanticTokens(a),
  'inlay hints': (a) => language.hints(a),
};
for (let round = 0; round < rounds; round++) {
  const at = placeOf(round);
  const edited = `${text}// ${round}\n`;
  note('analysis', round, spent(() => language.analyse(edited)).times);
  for (const [name, ask] of Object.entries(services)) {
    const fresh = language.analyse(edited);
    note(name, round, spent(() => ask(fresh, at)).times);
  }
}
console.log(
  `${text.split('\n').length} lines, ${text.length} characters; median and slowest of ${rounds - warming}, ms`,
);
show(['in the process', 'wall', 'CPU']);

const server = spawn(process.execPath, [fileURLToPath(new URL('../cli/unetc.mjs', import.meta.url)), 'lsp', '--stdio']);
const client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
let published = () => {};
client.onNotification('textDocument/publishDiagnostics', (answer) => published(answer.version));
client.listen();
await client.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
await client.sendNotification('initialized', {});
const uri = 'file:///long.unet';
await client.sendNotification('textDocument/didOpen', {
  textDocument: { uri, languageId: 'unet', version: 1, text },
});
const position = (at) => {
  const before = text.slice(0, at).split('\n');
  return { line: before.length - 1, character: before.at(-1).length };
};
const end = position(text.length);
const requests = {
  hover: (at) => ['hover', { position: position(at) }],
  completion: (at) => ['completion', { position: position(at) }],
  rename: (at) => ['rename', { position: position(nameAt(at)), newName: 'Renamed' }],
  formatting: () => ['formatting', { options: { tabSize: 2, insertSpaces: true } }],
  symbols: () => ['documentSymbol', {}],
  'semantic tokens': () => ['semanticTokens/full', {}],
  'inlay hints': () => ['inlayHint', { range: { start: { line: 0, character: 0 }, end } }],
};
let version = 1;
const edit = () =>
  client.sendNotification('textDocument/didChange', {
    textDocument: { uri, version: ++version },
    contentChanges: [{ range: { start: end, end }, text: ' ' }],
  });
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  await edit();
  await new Promise((resolve) => {
    published = (of) => of === version && resolve();
  });
  note('diagnostics', round, [performance.now() - start]);
  for (const [name, request] of Object.entries(requests)) {
    const [method, more] = request(placeOf(round));
    const before = performance.now();
    await edit();
    await client.sendRequest(`textDocument/${method}`, { textDocument: { uri }, ...more });
    note(name, round, [performance.now() - before]);
  }
}
show(['unetc lsp, edit and answer', 'wall']);
await client.sendRequest('shutdown');
await client.sendNotification('exit');
client.dispose();

function show([title, ...columns]) {
  console.log(`${title.padEnd(28)}${columns.map((c) => c.padStart(18)).join('')}`);
  for (const [name, times] of taken) {
    const cells = columns.map((_, k) => {
      const sorted = times.map((t) => t[k]).sort((a, b) => a - b);
      return `${sorted[sorted.length >> 1].toFixed(1)} ${sorted.at(-1).toFixed(1).padStart(8)}`.padStart(18);
    });
    console.log(`  ${name.padEnd(26)}${cells.join('')}`);
  }
  taken.clear();
}
