import { isOpName, type OpName, opOf } from '../compiler/ops/index.js';
import type { Expr, RuleDecl, SpecTree } from '../grammar/tree.js';
import { type Analysis, occurrenceAt, type Token, tokensBefore } from './analysis.js';
import { commentOf } from './docs/comments.js';
import { argsOf, signatureOf, typeOf } from './docs/operators.js';
import { isSettingName, knobDoc, recipeWords, settingDocs } from './docs/recipe.js';
import { dimensionDocs, factDocs, functionDocs, isFunctionName, keywordDocs } from './docs/words.js';
import { type Facts, type Place, parametersOf, shapeOf } from './facts.js';
import type { Definition, Target } from './names/definition.js';

export interface Hover {
  /** Markdown. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How many cells or calls are listed. */
const most = 8;

/** What is known of the word at an offset. */
export function hover(analysis: Analysis, offset: number): Hover | null {
  const found = occurrenceAt(analysis, offset);
  if (found) {
    const { start, end } = found.span;
    const text = about(analysis, found.target, start.offset);
    if (text !== '') return { text, start: start.offset, end: end.offset };
  }
  const token = tokenAt(analysis, offset);
  const doc = token && Object.hasOwn(keywordDocs, token.text) ? keywordDocs[token.text] : undefined;
  return token && doc ? { text: `**${token.text}**\n\n${doc}`, start: token.start, end: token.end } : null;
}

function tokenAt({ tokens }: Analysis, offset: number): Token | undefined {
  const token = tokens[tokensBefore(tokens, offset + 1) - 1];
  return token && offset <= token.end ? token : undefined;
}

function about(analysis: Analysis, target: Target, at: number): string {
  switch (target.kind) {
    case 'name':
      return aboutName(analysis, target.definition, at);
    case 'operator':
      return isOpName(target.name) ? aboutOperator(analysis.facts, target.name, at) : '';
    case 'function':
      return isFunctionName(target.name) ? aboutFunction(target.name) : '';
    case 'argument':
      return aboutArgument(target);
    case 'recipe': {
      const entry = recipeWords[target.table].get(target.name);
      if (!entry) return '';
      const knobs = entry.knobs.map((k) => `- \`${k.name}\`: ${knobDoc(k)}`);
      return joined(
        code(`${target.name}(${entry.knobs.map((k) => `${k.name} = ${k.default}`).join(', ')})`),
        entry.doc,
        knobs.join('\n'),
      );
    }
    case 'setting':
      return isSettingName(target.name) ? `**${target.name}**\n\n${settingDocs[target.name]}` : '';
    case 'dimension':
      return Object.hasOwn(dimensionDocs, target.name) ? `**${target.name}**\n\n${dimensionDocs[target.name]}` : '';
    case 'fact':
      return Object.hasOwn(factDocs, target.name) ? `**${target.name}**\n\n${factDocs[target.name]}` : '';
    case 'level':
      return `**${target.name}**\n\nThe network cut to its heads of level ${target.name.slice(1)} and below.`;
    case 'type':
    case 'word':
    case 'unknown':
      return '';
  }
}

function aboutArgument({ of, table, name }: Extract<Target, { kind: 'argument' }>): string {
  if (table === 'operator') {
    const arg = isOpName(of) ? argsOf(of).find((a) => a.name === name) : undefined;
    if (!arg) return '';
    const standard = arg.default === undefined ? '' : `; default ${arg.default}`;
    return joined(`**${name}** of ${of}`, arg.doc, `${typeOf(arg)}${standard}`);
  }
  const knob = recipeWords[table].get(of)?.knobs.find((k) => k.name === name);
  return knob ? joined(`**${name}** of ${of}`, knobDoc(knob)) : '';
}

export function aboutOperator(facts: Facts, op: OpName, at: number): string {
  const args = argsOf(op).map((a) => `- \`${a.name}\`: ${a.doc}`);
  const nodes = facts.madeAt(at);
  const places = nodes.map((n): Place => ({ label: n.origin.path, value: n.outputs[0] ?? null, nodes: [n] }));
  return joined(code(signatureOf(op)), opOf(op).doc, args.join('\n'), listing(facts, places));
}

const aboutFunction = (name: keyof typeof functionDocs): string =>
  joined(code(functionDocs[name].usage), functionDocs[name].doc);

/** The text of a file that a definition stands in. */
const textOf = ({ text, analyzed }: Analysis, { name }: Definition): string =>
  name.span.file === undefined ? text : (analyzed.imports.find((f) => f.path === name.span.file)?.text ?? '');

function aboutName(analysis: Analysis, d: Definition, at: number): string {
  const { facts, analyzed } = analysis;
  const { tree } = analyzed.root;
  const text = textOf(analysis, d);
  const source = (e: { span: Expr['span'] }): string => text.slice(e.span.start.offset, e.span.end.offset);
  const comment = d.kind === 'index' || d.kind === 'parameter' ? '' : commentOf(text, d.span.start.offset);
  const from = d.name.span.file === undefined ? '' : `from ${d.name.span.file}`;
  const { text: name } = d.name;
  switch (d.kind) {
    case 'network':
      return joined(code(`network ${name}`), comment, aboutNetwork(analysis));
    case 'param':
    case 'let': {
      const value = isOfNetwork(tree, d) ? facts.constant(name) : undefined;
      const tensor = isOfNetwork(tree, d) ? facts.tensor(name) : undefined;
      const written = d.value ? source(d.value) : '';
      const head = code(`${d.kind} ${name} = ${clip(written)}`);
      return joined(head, comment, tensor ? listing(facts, [tensor]) : value && value !== written ? `= ${value}` : '');
    }
    case 'input': {
      const tensor = facts.tensor(name);
      return joined(
        code(clip(text.slice(d.span.start.offset, d.span.end.offset))),
        comment,
        tensor?.value ? rules(analysis) : '',
      );
    }
    case 'block': {
      const list = d.block?.parameters.map((p) => (p.default ? `${p.name.text} = ${source(p.default)}` : p.name.text));
      const made = analysis.facts.madeAt(at);
      return joined(
        code(`block ${name}(${list?.join(', ') ?? ''})`),
        comment,
        from,
        made.length > 0 ? `${made.length} operators` : '',
      );
    }
    case 'parameter':
      return joined(code(d.value ? `${name} = ${source(d.value)}` : name), 'a parameter of the block', from);
    case 'grid': {
      const rule = ruleAt(tree, at);
      if (rule) {
        const header = text.slice(rule.span.start.offset, rule.patterns.at(-1)?.span.end.offset ?? at);
        return joined(code(`${header}]`), commentOf(text, rule.span.start.offset), listing(facts, facts.cellsOf(rule)));
      }
      const decl = tree.networks.flatMap((n) => n.items).find((i) => i.kind === 'grid' && i.name.text === name);
      const indices = decl?.kind === 'grid' ? decl.indices.map(source).join(', ') : '';
      return joined(code(`grid ${name}[${indices}]`), comment, listing(facts, facts.gridCells(name)));
    }
    case 'head': {
      const decl = tree.networks.flatMap((n) => n.items).find((i) => i.kind === 'head' && i.name.text === name);
      if (decl?.kind !== 'head') return code(`head ${name}`);
      const indices = decl.indices.length > 0 ? `[${decl.indices.map(source).join(', ')}]` : '';
      return joined(code(`head ${name}${indices}`), comment, listing(facts, facts.headsOf(decl)));
    }
    case 'output':
      return joined(code(`output ${name}`), comment, modes(analysis));
    case 'mode':
      return joined(code(`${name} = ${d.value ? clip(source(d.value)) : ''}`), 'an output mode', comment);
    case 'index':
      return joined(
        code(d.value ? `${name} in ${source(d.value)}` : name),
        d.value ? '' : 'bound by the pattern of the rule',
      );
  }
}

const isOfNetwork = (tree: SpecTree, d: Definition): boolean =>
  !d.local && tree.networks.some((n) => n.items.some((item) => item.span === d.span));

/** The rule whose own name stands at an offset. */
function ruleAt(tree: SpecTree, at: number): RuleDecl | undefined {
  for (const item of tree.networks.flatMap((n) => n.items)) {
    if (item.kind !== 'grid') continue;
    const rule = item.rules.find((r) => r.name.span.start.offset === at);
    if (rule) return rule;
  }
  return undefined;
}

function aboutNetwork({ facts, analyzed }: Analysis): string {
  const { sketch, typed } = analyzed;
  if (sketch === null) return 'not whole yet';
  const macs = facts.macs(typed.nodes);
  const levels = sketch.levels.map((l) => `L${l}`).join(', ');
  const lines = [`levels ${levels}`, `${grouped(parametersOf(typed.nodes))} parameters`];
  if (macs) lines.push(`${scaled(macs.macs)} MACs at ${macs.size}, all heads`);
  return lines.map((l) => `- ${l}`).join('\n');
}

function rules({ facts, analyzed }: Analysis): string {
  const size = facts.macs([])?.size;
  return analyzed.sketch && size ? `MACs are counted at ${size}` : '';
}

const modes = ({ analyzed }: Analysis): string =>
  analyzed.sketch ? analyzed.sketch.modes.map((m, k) => `- \`${m}\`${k === 0 ? ', the default' : ''}`).join('\n') : '';

/** A line for each place: shape, parameters, MACs, receptive field; equal ones of a long list are left out. */
function listing(facts: Facts, places: readonly Place[]): string {
  if (places.length === 0) return '';
  const size = facts.macs([])?.size;
  const rows = places.slice(0, most).map((p) => {
    if (p.value === null) return `| \`${p.label}\` | ? | | | |`;
    const field = facts.field(p.value);
    const sees = field ? `${field.size.join('x')}${field.global ? ' and all' : ''}` : '';
    const macs = facts.macs(p.nodes);
    const cost = macs ? scaled(macs.macs) : '';
    return `| \`${p.label}\` | \`${shapeOf(p.value)}\` | ${grouped(parametersOf(p.nodes))} | ${cost} | ${sees} |`;
  });
  const rest = places.length - most;
  const total = places.length > 1 ? parametersOf(places.flatMap((p) => p.nodes)) : 0;
  const table = [
    `| | shape | parameters | MACs${size ? ` at ${size}` : ''} | sees |`,
    '|---|---|--:|--:|--:|',
    ...rows,
  ].join('\n');
  return joined(
    table,
    rest > 0 ? `and ${rest} more` : '',
    places.length > 1 ? `${grouped(total)} parameters in all ${places.length}` : '',
  );
}

const clip = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 120 ? `${flat.slice(0, 119)}…` : flat;
};

const code = (text: string): string => `\`\`\`unet\n${text.replaceAll('`', "'")}\n\`\`\``;

const joined = (...parts: readonly string[]): string => parts.filter((p) => p !== '').join('\n\n');

/** `9,041,601` */
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `34.5 G` */
function scaled(n: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let k = 0;
  let value = n;
  for (; value >= 1000 && k < units.length - 1; k++) value /= 1000;
  return `${value.toFixed(k === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)}${units[k]}`;
}
