import { say } from '../../grammar/say.js';
import type { NetworkDecl, OutputDecl } from '../../grammar/tree.js';
import { diagnose } from '../diagnostics/index.js';
import type { Environment } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { type HeadFamily, settleLevels } from './heads.js';
import { ownsWeights } from './operators.js';
import type { RawHead, RawNetwork, RawValue } from './raw.js';
import { scopeOf } from './steps.js';
import { describe, isPoisoned } from './values.js';

export type Answers = Pick<RawNetwork, 'outputName' | 'heads' | 'modes' | 'modeOutputs' | 'levels'>;

/** Heads and outputs of the network, for every level and mode. Everything else must have been evaluated. */
export function elaborateOutputs(
  evaluator: Evaluator,
  network: NetworkDecl,
  families: readonly HeadFamily[],
  env: Environment,
): Answers {
  const outputs = network.items.filter((item) => item.kind === 'output');
  const [output, ...others] = outputs;
  for (const other of others) {
    evaluator.report.add(
      diagnose(say.extraOutput.output({ name: network.name.text }), other.name.span, {
        hints: [`make ${other.name.text} a mode of ${output?.name.text}`],
        related: output ? [{ span: output.name.span, message: 'the first output' }] : [],
      }),
    );
  }
  if (output !== undefined) checkModes(evaluator, output);
  if (families.length === 0) return headless(evaluator, network, output, env);

  settleLevels(families);
  const heads = families.flatMap((family) =>
    (family.members ?? []).flatMap((m): RawHead[] => {
      const { value } = m.lazy;
      return value.kind === 'tensor'
        ? [{ name: m.name, family: family.name, level: m.level, value: value.step, span: family.decl.name.span }]
        : [];
    }),
  );
  heads.sort((a, b) => a.level - b.level);
  const [family] = families;
  if (family && heads.length === 0 && families.every((f) => f.members !== null && f.members.length === 0)) {
    evaluator.fail(say.noHead.range({ name: family.name }), family.decl.name.span);
  }
  const levels = [...new Set(heads.map((h) => h.level))].sort((a, b) => a - b);
  if (output === undefined) return { heads, levels, ...standardOutput(evaluator, heads, levels, network) };
  const modeOutputs = levels.flatMap((level) =>
    distinctModes(output).flatMap((mode) => {
      const value = answer(evaluator, output, mode, level, level === levels.at(-1), env);
      return value === null ? [] : [{ level, mode: mode.name.text, value }];
    }),
  );
  return {
    heads,
    levels,
    outputName: output.name.text,
    modes: distinctModes(output).map((m) => m.name.text),
    modeOutputs,
  };
}

type Mode = OutputDecl['modes'][number];

const distinctModes = (output: OutputDecl): Mode[] =>
  output.modes.filter((mode, k) => output.modes.findIndex((m) => m.name.text === mode.name.text) === k);

function checkModes(evaluator: Evaluator, output: OutputDecl): void {
  const seen = new Map<string, Mode>();
  for (const mode of output.modes) {
    const { text, span } = mode.name;
    const before = seen.get(text);
    if (before !== undefined) {
      evaluator.report.add(
        diagnose(say.repeatedSetting.mode({ name: text }), span, {
          related: [{ span: before.name.span, message: 'given here first' }],
        }),
      );
    } else seen.set(text, mode);
    if (text === 'all') {
      evaluator.report.add(diagnose(say.reservedName.mode(), span, { hints: ['choose another name'] }));
    }
  }
}

/**
 * A mode over the heads of a level. Below the highest level a mode that asks for more heads than there are has no output,
 * which is no mistake.
 */
function answer(
  evaluator: Evaluator,
  output: OutputDecl,
  mode: Mode,
  level: number,
  whole: boolean,
  env: Environment,
): RawValue | null {
  const { steps, report } = evaluator;
  const before = steps.list.length;
  evaluator.level = whole ? null : level;
  const muted = report.muted;
  report.muted = muted || !whole;
  const value = evaluator.within(scopeOf(`${output.name.text}.${mode.name.text}.L${level}`), () =>
    evaluator.expression(mode.value, env),
  );
  report.muted = muted;
  evaluator.level = null;
  if (value.kind !== 'tensor') {
    if (!whole) steps.truncate(before);
    else if (!isPoisoned(value)) {
      evaluator.fail(say.wrongType.output({ found: describe(value) }), mode.value.span, {
        hints: value.kind === 'list' ? ['make the list one tensor: mean, last, max or concat'] : [],
      });
    }
    return null;
  }
  if (whole) reportWeights(evaluator, before, mode);
  return value.step;
}

function reportWeights({ steps, report }: Evaluator, from: number, mode: Mode): void {
  for (const step of steps.list.slice(from)) {
    if (step.kind !== 'apply' || !ownsWeights(step.op)) continue;
    report.add(
      diagnose(say.outputOwnsWeights.step({ op: step.op, mode: mode.name.text }), step.origin.span, {
        hints: ['move it into a head'],
      }),
    );
  }
}

/** `accurate = mean(all heads)`, `fast = last`, where the spec declares no output. */
function standardOutput(
  evaluator: Evaluator,
  heads: readonly RawHead[],
  levels: readonly number[],
  network: NetworkDecl,
): Pick<Answers, 'outputName' | 'modes' | 'modeOutputs'> {
  const taken = new Set(network.items.flatMap((item) => (item.kind === 'expect' ? [] : [item.name.text])));
  const outputName = ['mask', 'output', 'answer'].find((name) => !taken.has(name)) ?? 'mask_';
  const modeOutputs = levels.flatMap((level) => {
    const there = heads.filter((h) => h.level <= level);
    const last = there.at(-1);
    if (last === undefined) return [];
    const mean = evaluator.within(scopeOf(`${outputName}.accurate.L${level}`), () =>
      there.length === 1
        ? null
        : evaluator.apply(
            'mean',
            {},
            there.map((h) => h.value),
            last.span,
          ),
    );
    return [
      { level, mode: 'accurate', value: mean?.kind === 'tensor' ? mean.step : last.value },
      { level, mode: 'fast', value: last.value },
    ];
  });
  return { outputName, modes: ['accurate', 'fast'], modeOutputs };
}

/** A network that declares only an output: the output is its head. */
function headless(
  evaluator: Evaluator,
  network: NetworkDecl,
  output: OutputDecl | undefined,
  env: Environment,
): Answers {
  const none: Answers = { outputName: output?.name.text ?? 'mask', heads: [], modes: [], modeOutputs: [], levels: [] };
  const [mode, second] = output?.modes ?? [];
  // Without an input there can be no head either.
  if (!network.items.some((item) => item.kind === 'input')) return none;
  if (output === undefined || mode === undefined || second !== undefined) {
    evaluator.report.add(
      diagnose(say.noHead.head({ name: network.name.text }), output?.name.span ?? network.name.span, {
        hints: ['declare one: head S = ... |> conv(1, kernel: 1) |> sigmoid'],
      }),
    );
    return none;
  }
  const name = output.name.text;
  const value = evaluator.within(scopeOf(name), () => evaluator.expression(mode.value, env));
  if (value.kind !== 'tensor') {
    if (!isPoisoned(value)) evaluator.fail(say.wrongType.output({ found: describe(value) }), mode.value.span);
    return none;
  }
  return {
    outputName: name,
    heads: [{ name, family: name, level: 1, value: value.step, span: output.name.span }],
    modes: [mode.name.text],
    modeOutputs: [{ level: 1, mode: mode.name.text, value: value.step }],
    levels: [1],
  };
}
