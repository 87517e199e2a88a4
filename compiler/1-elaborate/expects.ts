import { say } from '../../grammar/say.js';
import type { ExpectDecl } from '../../grammar/tree.js';
import { diagnose, suggest } from '../diagnostics/index.js';
import type { Environment } from './environment.js';
import type { Evaluator } from './evaluator.js';
import type { RawExpect } from './raw.js';
import { describe, isNumber, isPoisoned } from './values.js';

const facts = ['parameters', 'macs', 'shape', 'receptive_field'] as const;

/** An `expect` line with its value evaluated, its level and mode known; null, reported, if it makes no sense. */
export function elaborateExpect(
  evaluator: Evaluator,
  decl: ExpectDecl,
  env: Environment,
  network: { readonly levels: readonly number[]; readonly modes: readonly string[] },
): RawExpect | null {
  const what = facts.find((f) => f === decl.what.text);
  if (what === undefined) {
    evaluator.report.add(
      diagnose(say.unknownExpect.fact({ name: decl.what.text }), decl.what.span, {
        ...suggest(decl.what.text, facts, decl.what.span),
      }),
    );
  }
  const level = readLevel(evaluator, decl, network.levels);
  const mode = decl.mode?.text;
  const modeKnown = mode === undefined || mode === 'all' || network.modes.includes(mode);
  if (!modeKnown && decl.mode && network.modes.length > 0) {
    evaluator.report.add(
      diagnose(say.unknownMode.spec({ mode }), decl.mode.span, {
        ...suggest(mode, [...network.modes, 'all'], decl.mode.span),
      }),
    );
  }
  const value = readValue(evaluator, decl, env, what ?? 'parameters');
  if (what === undefined || level === null || !modeKnown || value === null) return null;
  return {
    what,
    ...(level === undefined ? {} : { level }),
    ...(mode === undefined ? {} : { mode }),
    ...(decl.size === undefined ? {} : { size: decl.size.dims }),
    relation: decl.relation,
    value,
    valueSpan: decl.value.span,
    span: decl.span,
  };
}

function readLevel(evaluator: Evaluator, decl: ExpectDecl, levels: readonly number[]): number | undefined | null {
  if (decl.level === undefined) return undefined;
  const level = /^L(\d{1,9})$/.exec(decl.level.text)?.[1];
  if (level !== undefined && levels.includes(Number(level))) return Number(level);
  if (levels.length > 0) {
    const known = levels.map((l) => `L${l}`).join(', ');
    evaluator.report.add(
      diagnose(say.unknownLevel.spec({ level: decl.level.text }), decl.level.span, {
        hints: [`the levels are ${known}`],
      }),
    );
  }
  return null;
}

function readValue(
  evaluator: Evaluator,
  decl: ExpectDecl,
  env: Environment,
  what: (typeof facts)[number],
): number | readonly number[] | null {
  const value = evaluator.expression(decl.value, env);
  if (isPoisoned(value)) return null;
  if (what === 'shape' && decl.relation !== '=') {
    evaluator.fail(say.wrongType.relation({ relation: decl.relation }), decl.value.span, {
      hints: ['write ='],
    });
    return null;
  }
  if (what === 'shape' || (what === 'receptive_field' && value.kind === 'list')) {
    if (value.kind === 'list') {
      const dims = value.items.map((v) => evaluator.whole(v, decl.value.span, 'a dimension'));
      return dims.every((d) => d !== null) ? (dims as number[]) : null;
    }
    evaluator.fail(say.wrongType.shape({ found: describe(value) }), decl.value.span);
    return null;
  }
  if (!isNumber(value)) {
    evaluator.fail(say.wrongType.fact({ what, found: describe(value) }), decl.value.span);
    return null;
  }
  return evaluator.whole(value, decl.value.span, what);
}
