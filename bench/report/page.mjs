// What is told of the benches: each figure with its goal and verdict.

const digits = (figure) => (Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 10 ? 1 : 2);
const told = (figure, unit = '') =>
  figure === null ? '' : `${figure.toFixed(digits(figure))}${unit === '' ? '' : ` ${unit}`}`;

const round = (figure, unit) => `${figure}${unit ? ` ${unit}` : ''}`;

/** The goal in words, and whether the figure, as it is printed, reaches it. */
function judged({ figure, unit, goal }) {
  if (!goal) return ['', ''];
  if (figure === null) return [round(goal.atMost ?? goal.atLeast, unit), 'not measured'];
  const shown = Number(figure.toFixed(digits(figure)));
  return goal.atMost === undefined
    ? [`at least ${round(goal.atLeast, unit)}`, shown >= goal.atLeast ? 'reached' : 'not reached']
    : [`at most ${round(goal.atMost, unit)}`, shown <= goal.atMost ? 'reached' : 'not reached'];
}

/** A tenth worse than the last time on this machine: less is better, unless the goal says otherwise. */
function slower({ what, figure, goal }, name, machine, before) {
  const last = before.findLast((line) => line.bench === name && line.what === what && line.machine === machine);
  if (!last || figure === null) return undefined;
  const worse = goal?.atLeast === undefined ? figure > last.figure * 1.1 : figure < last.figure * 0.9;
  return worse ? `was ${told(last.figure)} on ${last.day}` : undefined;
}

/** A bench's result as it is kept: rows with what was lost since the last time. */
export const resultOf = (name, { rows, machine, ...about }, before) => ({
  ...about,
  machine,
  rows: rows.map((row) => ({ ...row, slower: slower(row, name, machine, before) })),
});

const cell = (text) => text.replaceAll('|', '\\|');

function section({ title, machine, day, commit, rows, text }) {
  const lines = rows.map((row) => {
    const [goal, verdict] = judged(row);
    const notes = [row.note, row.slower].filter(Boolean).join('; ');
    return `| ${[row.what, told(row.figure, row.unit), goal, verdict, notes].map(cell).join(' | ')} |`;
  });
  return [
    `## ${title}`,
    `${machine}; ${day}, ${commit}.`,
    ['| | figure | goal | | |', '|---|---|---|---|---|', ...lines].join('\n'),
    ...(text ? [text.trim()] : []),
  ].join('\n\n');
}

export const page = (results) => `# Performance

What was promised and what was measured. \`npm run bench\` remakes this page (\`bench/performance.mjs\`); every figure
is the median of turns taken with its peer on one machine, and a ratio means ours to theirs: below 1 we are faster, or smaller.
docs/performance.jsonl keeps every figure ever measured here.

${results.map(section).join('\n\n')}
`;
