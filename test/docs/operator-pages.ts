import { macs as macsText } from '../../cli/render/numbers.js';
import { languageOps } from '../../compiler/1-elaborate/operators.js';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { emitGraphModel, emitInference } from '../../compiler/5-emit/tensorflow/index.js';
import { emitTfjsLayers } from '../../compiler/5-emit/tfjs-layers/index.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import {
  countMacs,
  type Diagnostic,
  deploy,
  describeRules,
  load,
  type Network,
  printShape,
  prune,
  sizeRules,
  specializeGraph,
} from '../../compiler/index.js';
import { type OpName, opOf } from '../../compiler/ops/index.js';
import type { ArgSpec } from '../../compiler/ops/op.js';
import { families, type Shown, shown, tensors } from './operators.js';

const spaces = { '1-D': 'W', '2-D': 'H, W', '3-D': 'D, H, W' } as const;
type Rank = keyof typeof spaces;
const ranks = Object.keys(spaces) as Rank[];

/** A network whose output is the call; null where the call makes no sense in that many dimensions. */
function networkOf(call: string, rank: Rank): Network | null {
  const used = Object.entries(tensors).filter(([name]) => name !== 'x' && new RegExp(`\\b${name}\\b`).test(call));
  const lets = used.map(([name, { made }]) => `  let ${name} = ${made}\n`).join('');
  return load(`network Show {\n  input x: f32[N, 8, ${spaces[rank]}]\n${lets}  output shown = ${call}\n}\n`).network;
}

/** The refusals of a target for a network, as it says them. */
const targets: Readonly<Record<string, (network: Network) => readonly Diagnostic[]>> = {
  onnx: (n) => {
    emitOnnx(deploy(n), { weights: weightsOf(n), name: n.name, metadata: {} });
    return [];
  },
  tf: (n) => {
    emitInference(deploy(n), { weights: weightsOf(n), images: 'channels-last' });
    return [];
  },
  tfjs: (n) => emitGraphModel(deploy(n), { weights: weightsOf(n), generatedBy: '', metadata: {} }).diagnostics,
  'tfjs-layers': (n) =>
    emitTfjsLayers(deploy(n, {}, { keepDropout: true }), {
      weights: weightsOf(n),
      name: n.name,
      generatedBy: '',
      metadata: {},
      batch: null,
    }).diagnostics,
};

const weightsOf = (network: Network): Map<string, Float32Array> =>
  new Map([...initialWeights(network.graph.params, 0)].map(([path, { data }]) => [path, data]));

const typeText = (type: ArgSpec['type']): string =>
  typeof type === 'object'
    ? type.oneOf.map((word) => `\`${word}\``).join(' or ')
    : {
        int: 'a whole number',
        float: 'a number',
        bool: '`true` or `false`',
        ints: 'a whole number, or one for each dimension',
        padding: '`same`, `valid`, a whole number, or a list',
      }[type];

const defaultText = ({ default: standard }: ArgSpec): string =>
  standard === undefined ? 'must be given' : standard === 'kernel' ? 'the kernel' : `\`${written(standard)}\``;

/** A default as a spec has it: 1e-5, not 0.00001. */
const written = (value: number | boolean | string): string =>
  typeof value === 'number' && value > 0 && value < 1e-3 ? value.toExponential() : String(value);

const leastText = ({ least }: ArgSpec): string => (least === undefined ? '' : `, at least ${least}`);

function signature(name: OpName): string {
  const { tensors: taken, args } = opOf(name).language!;
  const rest = args.map((a) =>
    a.default === undefined || a.default === 'kernel' ? a.name : `${a.name}: ${written(a.default)}`,
  );
  if (taken === 'one') return `x |> ${name}${rest.length > 0 ? `(${rest.join(', ')})` : ''}`;
  return `${name}(${[...(taken === 'pair' ? ['x', 'y'] : ['x', 'y', '...']), ...rest].join(', ')})`;
}

/** A row of the table of calls. */
function callRow(call: string): string[] {
  const network = networkOf(call, '2-D');
  if (network === null) throw new Error(`${call} does not compile`);
  // Not simplified: what a network in use does without, such as dropout, is shown too.
  const made = prune(network).outputs[0]!.value;
  const node = prune(network).nodes.find((n) => n.outputs.some((v) => v.id === made.id))!;
  const own = prune(network).params.filter((p) => node.inputs.some((v) => v.id === p.id));
  const learns = own.map(
    (p) => `${p.origin.path.split('.').at(-1)} ${printShape(p.type.shape).slice(1, -1).replaceAll(', ', 'x')}`,
  );
  const bound = specializeGraph(prune(network), { N: 1, H: 48, W: 48 });
  const same = bound.nodes.find((n) => n.origin.path === node.origin.path)!;
  const macs = countMacs({ ...bound, nodes: [same] });
  const rules = describeRules(sizeRules(network));
  return [
    `\`${call}\``,
    `\`${printShape(made.type.shape)}\``,
    learns.map((l) => `\`${l}\``).join(', ') || '-',
    macs === 0 ? '-' : macsText(macs).replace(' ', '\u00a0'),
    rules.replace(/.*: any size$/, 'any'),
  ];
}

/** What the targets refuse of the calls, each reason once. */
function refusals(calls: readonly string[]): string {
  const lines: string[] = [];
  for (const [target, refuse] of Object.entries(targets)) {
    const byReason = new Map<string, Map<string, Rank[]>>();
    for (const call of calls) {
      for (const rank of ranks) {
        const network = networkOf(call, rank);
        if (network === null) continue;
        for (const { severity, message } of refuse(network)) {
          if (severity !== 'error') continue;
          const reason = message.replace(/^[^ ]+ /, '').replace(/^[^:]*can't be said in layers: /, '');
          const calls = byReason.get(reason) ?? new Map<string, Rank[]>();
          calls.set(call, [...(calls.get(call) ?? []), rank]);
          byReason.set(reason, calls);
        }
      }
    }
    for (const [reason, found] of byReason) {
      const where = [...found].map(([call, at]) => `\`${call}\` (${at.join(', ')})`).join('; ');
      lines.push(`- \`${target}\` refuses ${where}: ${reason}`);
    }
  }
  if (lines.length === 0) return 'Every target takes every call above, in one, two and three dimensions.';
  return `In one, two and three dimensions, with sizes left open, all targets take the calls above, but for:\n\n${lines.join('\n')}`;
}

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows]
    // A pipe would end its cell, in code too.
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const note = '<!-- Written by test/docs/generated.test.ts from compiler/ops/: UPDATE=1 npx vitest run test/docs -->';

function page(name: OpName, { calls, torch }: Shown): string {
  const op = opOf(name);
  const { args } = op.language!;
  const named = Object.entries(tensors).filter(([tensor]) => calls.some((c) => new RegExp(`\\b${tensor}\\b`).test(c)));
  const parts = [
    `# ${name}`,
    note,
    op.doc,
    `\`\`\`text\n${signature(name)}\n\`\`\``,
    ...(args.length === 0
      ? []
      : [
          table(
            ['argument', 'is', 'default', 'meaning'],
            args.map((a) => [`\`${a.name}\``, typeText(a.type) + leastText(a), defaultText(a), a.doc]),
          ),
        ]),
    '## Shapes and weights',
    `With ${named.map(([tensor, { shape }]) => `\`${tensor}: ${shape}\``).join(', ')}; multiply-accumulates (MACs) of one image of 48x48.`,
    table(['written', 'gives', 'learns or keeps', 'MACs', 'sizes'], calls.map(callRow)),
    '## Targets',
    refusals(calls),
    `## In PyTorch\n\n${torch}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The index: what each operator does, by family. */
function index(): string {
  const sections = families.map((family) => {
    const names = languageOps.filter((name) => shown[name]?.family === family);
    const rows = names.map((name) => [`[${name}](${name}.md)`, opOf(name).doc]);
    return `## ${family}\n\n${table(['operator', ''], rows)}`;
  });
  const about =
    "Names and defaults are PyTorch's; where they differ, the page says so. All work on one, two and three spatial dimensions. An argument is given by its place, behind the tensors, or by its name.";
  return `${['# Operators', note, about, ...sections].join('\n\n')}\n`;
}

/** Every generated page, by its path in the project. */
export function operatorPages(): Map<string, string> {
  const pages = languageOps.map((name) => [`docs/operators/${name}.md`, page(name, shown[name]!)] as const);
  return new Map([['docs/operators/index.md', index()], ...pages]);
}
