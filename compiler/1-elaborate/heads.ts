import type { Span } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import type { HeadDecl } from '../../grammar/tree.js';
import type { Pick } from './access.js';
import { Environment, type Lazy } from './environment.js';
import type { Evaluator } from './evaluator.js';
import { enumerate } from './grid.js';
import { scopeOf } from './steps.js';
import { describe, int, isPoisoned, poison, type Value } from './values.js';

/** The heads that one `head` declares. */
export interface HeadFamily {
  readonly name: string;
  readonly decl: HeadDecl;
  /** Evaluated when the family is first read; its value is of no interest. */
  readonly layout: Lazy;
  /** Ascending levels; null until the layout is known, or if it can't be. */
  members: HeadMember[] | null;
}

export interface HeadMember {
  /** `S[2]` or `S`. */
  readonly name: string;
  readonly lazy: Lazy;
  /** Its index. A head without one gets the highest level of the others, 1 if there are none: see `settleLevels`. */
  level: number;
}

export function makeFamily(evaluator: Evaluator, decl: HeadDecl, env: Environment): HeadFamily {
  const layout: Lazy = {
    label: `the range of ${decl.name.text}`,
    span: decl.name.span,
    scope: scopeOf(decl.name.text),
    state: 'waiting',
    value: poison,
    compute: () => {
      family.members = lay(evaluator, decl, env);
      return poison;
    },
  };
  const family: HeadFamily = { name: decl.name.text, decl, layout, members: null };
  return family;
}

function lay(evaluator: Evaluator, decl: HeadDecl, env: Environment): HeadMember[] | null {
  const name = decl.name.text;
  if (decl.indices.length === 0) return [makeMember(evaluator, decl, name, 1, env)];
  const [index, second] = decl.indices;
  if (index === undefined || second !== undefined) {
    evaluator.fail(say.headIndex.several({ name, indices: decl.indices.length }), second?.span ?? decl.name.span);
    return null;
  }
  const tuples = enumerate(evaluator, decl.indices, env, () => {});
  if (tuples === null) return null;
  const levels = tuples.map(([n]) => n ?? 0).sort((a, b) => a - b);
  if ((levels[0] ?? 0) < 0) {
    evaluator.fail(say.headIndex.level({ level: levels[0] as number }), index.range.span);
    return null;
  }
  return levels.map((level) => {
    const inner = new Environment(env);
    inner.defineValue(index.name.text, int(level));
    return makeMember(evaluator, decl, `${name}[${level}]`, level, inner);
  });
}

function makeMember(evaluator: Evaluator, decl: HeadDecl, name: string, level: number, env: Environment): HeadMember {
  const compute = (): Value => {
    const value = evaluator.body(decl.body, env);
    if (value.kind === 'tensor') return value;
    if (isPoisoned(value)) return poison;
    return evaluator.fail(
      say.wrongType.tensor({ what: `head ${name}`, found: describe(value) }),
      decl.body.result.span,
      {
        hints: value.kind === 'list' ? ['make the list one tensor: concat, mean, max, sum or last'] : [],
      },
    );
  };
  return {
    name,
    level,
    lazy: { label: name, span: decl.name.span, scope: scopeOf(name), state: 'waiting', value: poison, compute },
  };
}

/** Gives heads without an index their level: that of the whole network, since only the whole network has them. */
export function settleLevels(families: readonly HeadFamily[]): void {
  const indexed = families.filter((f) => f.decl.indices.length > 0).flatMap((f) => f.members ?? []);
  const top = indexed.reduce((most, m) => Math.max(most, m.level), 0);
  for (const family of families) {
    if (family.decl.indices.length > 0) continue;
    for (const member of family.members ?? []) member.level = indexed.length > 0 ? top : 1;
  }
}

const isThere = (evaluator: Evaluator, member: HeadMember): boolean =>
  evaluator.level === null || member.level <= evaluator.level;

/** A family's name alone: its heads in ascending order, or the one head without an index. */
export function wholeFamily(evaluator: Evaluator, family: HeadFamily, span: Span): Value {
  evaluator.force(family.layout, span);
  if (family.members === null) return poison;
  const there = family.members.filter((m) => isThere(evaluator, m));
  const values = there.map((m) => evaluator.force(m.lazy, span));
  return family.decl.indices.length === 0 ? (values[0] ?? poison) : evaluator.list(values, span);
}

/** `S[2]`, `S[1..3]`: by level, not by place in the list. */
export function readHeads(evaluator: Evaluator, family: HeadFamily, picks: readonly Pick[], span: Span): Value {
  evaluator.force(family.layout, span);
  if (family.members === null) return poison;
  const [pick, extra] = picks;
  if (pick === undefined || extra !== undefined || family.decl.indices.length === 0) {
    const has = family.decl.indices.length === 0 ? 'no index' : 'one index, its level';
    return evaluator.fail(say.extraArgument.head({ name: family.name, has }), extra?.span ?? pick?.span ?? span);
  }
  const values: Value[] = [];
  for (const level of pick.numbers) {
    const member = family.members.find((m) => m.level === level);
    if (member === undefined || !isThere(evaluator, member)) {
      const there = family.members.map((m) => m.level);
      return evaluator.fail(say.indexOutOfGrid.head({ name: family.name, level }), pick.span, {
        hints: there.length > 0 ? [`its levels are ${there.join(', ')}`] : [`the range of ${family.name} is empty`],
      });
    }
    values.push(evaluator.force(member.lazy, span));
  }
  return pick.one ? (values[0] ?? poison) : evaluator.list(values, span);
}
