import type { ReceptiveField } from '../../../4-schedule/receptive-field.js';

/**
 * What a drawing shows of a network, computed once and before anything has a place: boxes, links between them, and what
 * each level keeps. Every renderer draws this.
 */
export interface Picture {
  readonly name: string;
  readonly boxes: readonly Box[];
  /** At most one between two boxes. */
  readonly links: readonly Link[];
  /** What the chosen level keeps is in colour, the rest grey. */
  readonly level: number;
  /** Ascending. */
  readonly levels: readonly LevelFacts[];
  /** `H and W: multiples of 16`, or nothing. */
  readonly sizeRules: string;
  /** Where the MACs are counted: spatial sizes, in the input's order. */
  readonly referenceSize: readonly number[];
}

/** What the inference graph of a level costs, in the default mode: the figures of `plan`. */
export interface LevelFacts {
  readonly level: number;
  readonly parameters: number;
  readonly macs: number;
}

/**
 * `input`; `cell` of a grid; `block`, what a name outside of grids computes, or a part of it; `head`; and `output`, what the
 * modes make of heads.
 */
export type BoxKind = 'input' | 'cell' | 'block' | 'head' | 'output';

/**
 * `kept` by the chosen level; `cut` by it; `absent`: other levels have it, but neither the chosen one nor the whole
 * network (an output at L1 that no higher level has), so there is nothing to draw.
 */
export type State = 'kept' | 'cut' | 'absent';

export interface Box {
  /** Unique; a cell's is its name, `X[0,2]`. */
  readonly id: string;
  readonly kind: BoxKind;
  /** `X` and `[0, 2]`; without an index where the name has none. */
  readonly base: string;
  readonly index: readonly number[];
  /** `64 · H/2`, alike along each axis; where axes differ, each size once: `8 · D × H/2`. */
  readonly shape: string;
  /** `H/2 × W/2` */
  readonly size: string;
  /** Halvings of the geometric mean of sizes, relative to the largest box, rounded. */
  readonly halvings: number;
  /** A cell or block fed by the input and `down` or `next` links alone. */
  readonly encoder: boolean;
  /** Levels that keep it. */
  readonly levels: readonly number[];
  readonly state: State;
  readonly facts: BoxFacts;
  /** A head's level; for others null. */
  readonly head: number | null;
  /** An output's modes. */
  readonly modes: readonly string[];
}

export interface BoxFacts {
  /** `[64, H/2, W/2]` without the batch. */
  readonly shape: string;
  readonly parameters: number;
  /** At the picture's reference size, one image. */
  readonly macs: number;
  /** Null for what is no image of the input. */
  readonly receptiveField: ReceptiveField | null;
  /** In the order of their first use: `2 × conv 3×3`, `2 × relu`. */
  readonly operators: readonly string[];
}

/**
 * `down`, `up`, and at one resolution `skip`, or `next` where it is all that a box is fed; `head`: into a head, or from
 * there on; `output`: into the output.
 */
export type LinkKind = 'down' | 'up' | 'skip' | 'next' | 'head' | 'output';

export interface Link {
  readonly from: string;
  readonly to: string;
  readonly kind: LinkKind;
  /** What it carries is weighed by something that depends on a third box (Oktay et al., 2018). */
  readonly gated: boolean;
  readonly levels: readonly number[];
  readonly state: State;
}

export const boxName = ({ base, index }: Pick<Box, 'base' | 'index'>): string =>
  index.length === 0 ? base : `${base}[${index.join(',')}]`;

/** `L2 of L4: 511,138 of 9,041,700 parameters`, or the whole network's. */
export function parameterLine({ level, levels }: Picture): string {
  const [chosen, whole] = [levels.find((l) => l.level === level), levels.at(-1)];
  if (!chosen || !whole) return '';
  if (chosen === whole) return `${grouped(whole.parameters)} parameters`;
  return `L${level} of L${whole.level}: ${grouped(chosen.parameters)} of ${grouped(whole.parameters)} parameters`;
}

/** `9,041,700` */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `34.5 G` */
export function scaled(n: number): string {
  const units = [
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const;
  for (const [unit, name] of units) if (n >= unit) return `${Number((n / unit).toPrecision(3))}${name}`;
  return String(n);
}

/** The tooltip of a box, one entry a line. */
export function describeBox(box: Box, picture: Picture): string[] {
  const { facts } = box;
  const at = picture.referenceSize.join('×');
  const field = facts.receptiveField;
  const seen = field ? [...(field.size.some((n) => n > 0) ? [`${field.size.join('×')} pixels`] : [])] : [];
  if (field?.global) seen.push('the whole input');
  return [
    `${boxName(box)}: ${facts.shape}`,
    ...(box.modes.length > 1 ? [`modes: ${box.modes.join(', ')}`] : []),
    ...(facts.parameters > 0 ? [`${grouped(facts.parameters)} parameters`] : []),
    ...(facts.macs > 0 ? [`${scaled(facts.macs)} MACs at ${at}`] : []),
    ...(box.kind !== 'input' && seen.length > 0 ? [`sees ${seen.join(' and ')}`] : []),
    ...(facts.operators.length > 0 ? [facts.operators.join(', ')] : []),
    ...(box.state === 'cut' ? [box.levels.length === 0 ? 'nothing uses it' : `cut at L${picture.level}`] : []),
  ];
}
