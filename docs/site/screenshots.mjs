// `npm run screenshots`: pictures of commands in a terminal, docs/images/*.svg. Each command runs on a pseudo-terminal (`script`
// of util-linux), what it writes goes through a terminal emulator, and what that shows is drawn. Times on them are this machine's.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';

const root = fileURLToPath(new URL('../../', import.meta.url));
const launcher = join(root, 'cli/unetc.mjs');
const folder = mkdtempSync(join(tmpdir(), 'unetc-screenshots-'));
const env = {
  ...process.env,
  TERM: 'xterm-256color',
  NO_COLOR: '',
  COLUMNS: '',
  UNETC_CACHE: join(folder, 'no-engines'),
};

const unetc = (...argv) => execFileSync(process.execPath, [launcher, ...argv], { cwd: folder, env, stdio: 'pipe' });
const quoted = (words) => words.map((word) => `'${word}'`).join(' ');

/** What a terminal of so many columns shows after a command: lines of runs of one style. */
async function shown(argv, columns) {
  const command = `stty cols ${columns} rows 60; exec ${quoted([process.execPath, launcher, ...argv])}`;
  const ran = spawnSync('script', ['-qec', command, '/dev/null'], { cwd: folder, env, encoding: 'utf8' });
  if (ran.error) throw ran.error;
  const terminal = new xterm.Terminal({ cols: columns, rows: 60, scrollback: 500, allowProposedApi: true });
  await new Promise((done) => terminal.write(ran.stdout, done));
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let y = 0; y < buffer.length; y++) lines.push(runsOf(buffer.getLine(y), columns));
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

/** The cells of a line as runs: where each begins, its text, its colour, whether it is bold. Blank ends are left out. */
function runsOf(line, columns) {
  const runs = [];
  for (let x = 0; x < columns; x++) {
    const cell = line.getCell(x);
    const style = {
      color: cell.isFgPalette() ? cell.getFgColor() : -1,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    const same = last && last.color === style.color && last.bold === style.bold && last.dim === style.dim;
    if (same) last.text += cell.getChars() || ' ';
    else runs.push({ x, text: cell.getChars() || ' ', ...style });
  }
  return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter((run) => run.text !== '');
}

/** The eight colours of a dark terminal, each with contrast of at least 4.5 on the background. */
const palette = ['#8b949e', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#c9d1d9'];
const ink = '#d6dce4';
const cell = { width: 7.8, height: 18 };
const margin = 18;
const bar = 34;

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

function drawn(title, lines, columns) {
  const width = Math.round(2 * margin + columns * cell.width);
  const height = Math.round(bar + margin + lines.length * cell.height);
  const text = lines.flatMap((runs, y) =>
    runs.flatMap(({ x, text, color, bold, dim }) => {
      const fill = color < 0 ? '' : ` fill="${palette[color % 8]}"`;
      const weight = bold ? ' font-weight="bold"' : '';
      // SVG takes runs of blanks for one: what stands between them gets a place of its own. The length keeps columns in line
      // whatever font there is.
      return [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => {
        const at = `x="${round(margin + (x + index) * cell.width)}" y="${round(bar + (y + 0.75) * cell.height)}"`;
        const length = `textLength="${round(words.length * cell.width)}"`;
        return `<text ${at} ${length}${fill}${weight}${dim ? ' opacity="0.7"' : ''}>${escaped(words)}</text>`;
      });
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="none" stroke="#30363d"/>
<g fill="#484f58"><circle cx="20" cy="17" r="5"/><circle cx="37" cy="17" r="5"/><circle cx="54" cy="17" r="5"/></g>
<g fill="${ink}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="13">
${text.join('\n')}
</g>
</svg>
`;
}

const round = (n) => Number(n.toFixed(1));

async function shoot(name, title, argv, columns) {
  const prompt = [
    { x: 0, text: '$', color: 2, bold: true },
    { x: 2, text: ['unetc', ...argv].join(' '), color: -1, bold: true },
  ];
  const svg = drawn(title, [prompt, ...(await shown(argv, columns))], columns);
  writeFileSync(join(root, 'docs/images', `${name}.svg`), svg);
  console.log(`docs/images/${name}.svg  ${(svg.length / 1024).toFixed(1)} KiB`);
}

/** The spec of `unetc init` with two typical slips. */
function slip(text) {
  return text
    .replace('|> conv_transpose(width[i], kernel: 2, stride: 2))', '|> conv_transpose(widht[i], kernel: 2, stride: 2))')
    .replace('X[0, j] |> conv(classes, kernel: 1)', 'X[0, j+1] |> conv(classes, kernel: 1)');
}

try {
  unetc('init', 'cells', '--data', 'cells-data');
  const spec = readFileSync(join(folder, 'cells.unet'), 'utf8');
  writeFileSync(join(folder, 'nested.unet'), slip(spec));
  await shoot('check', 'unetc check: two mistakes, each with its place and a way out', ['check', 'nested.unet'], 104);
  const quick = spec
    .replace('[16, 32, 64, 128]', '[8, 16, 32, 64, 128]')
    .replace(/^ *expect .*\n/gm, '')
    .replace('lr: 1e-3', 'lr: 3e-3')
    .replace('batch = 8    epochs = 40', 'batch = 4    epochs = 12')
    .replace('[128, 128]', '[64, 64]');
  writeFileSync(join(folder, 'cells.unet'), quick);
  await shoot(
    'plan',
    'unetc plan: the operators of level L1',
    ['plan', 'cells.unet', '--prune', 'L1', '--size', '64x64'],
    104,
  );
  await shoot(
    'train',
    'unetc train: epochs, then the levels side by side',
    ['train', 'cells.unet', '--data', 'cells-data', '--out', 'runs/cells'],
    104,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
