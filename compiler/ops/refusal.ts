import type { Said } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { type Dim, isNumber, num, printShape, type Shape, sameDim, times } from '../ir/dim.js';
import type { TensorType } from '../ir/graph.js';
import type { Refusal } from './op.js';

/** Every kind of refusal an operator can give; each is a page of the diagnostics catalogue. */
export type RefusalCode =
  /** An argument's value makes no sense here: a list of the wrong length, a rate of 1. */
  | 'bad-argument'
  /** `groups` does not divide the channels. */
  | 'bad-groups'
  /** `concat`: sizes beside the joined axis differ. */
  | 'spatial-mismatch'
  /** Shapes that don't broadcast, channels apart from the rest agreeing. */
  | 'channel-mismatch'
  /** Shapes that don't broadcast; too few or too many dimensions, or no number of channels. */
  | 'shape-mismatch'
  /** A fixed size that a stride does not divide. */
  | 'size-not-divisible'
  /** Nothing is left of a fixed size. */
  | 'size-too-small'
  /** A size or a parameter beyond what any engine takes. */
  | 'size-too-large'
  /** `concat` or `mean` of an empty list. */
  | 'no-inputs';

export const refuse = (said: Said<RefusalCode>, hints: readonly string[] = [], input?: number): Refusal =>
  input === undefined ? { ...said, hints } : { ...said, hints, input };

/** `1st`, `2nd`, `3rd`, `11th`, counted from index 0. */
export function ordinal(index: number): string {
  const n = index + 1;
  const teen = n % 100 >= 11 && n % 100 <= 13;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}

/**
 * The input to blame where not all agree: the one that agrees with the fewest others, the last of them on a tie;
 * and the first input it disagrees with. Null where all agree.
 */
export function oddOneOut(
  shapes: readonly Shape[],
  agree: (a: Shape, b: Shape) => boolean,
): { readonly odd: number; readonly against: number } | null {
  // Thousands of inputs may have a handful of shapes: each pair of these is compared once.
  const kinds = new Map<string, { readonly shape: Shape; count: number }>();
  const keys = shapes.map((shape) => printShape(shape));
  keys.forEach((key, i) => {
    const kind = kinds.get(key);
    if (kind) kind.count++;
    else kinds.set(key, { shape: shapes[i]!, count: 1 });
  });
  const fellows = new Map<string, number>();
  for (const [key, { shape }] of kinds) {
    const all = [...kinds.values()].reduce((n, other) => n + (agree(shape, other.shape) ? other.count : 0), 0);
    // Not itself.
    fellows.set(key, all - (agree(shape, shape) ? 1 : 0));
  }
  let odd = -1;
  let fewest = shapes.length;
  shapes.forEach((_, i) => {
    const friends = fellows.get(keys[i]!) ?? 0;
    if (friends < shapes.length - 1 && friends <= fewest) {
      odd = i;
      fewest = friends;
    }
  });
  if (odd < 0) return null;
  return { odd, against: shapes.findIndex((other, j) => j !== odd && !agree(shapes[odd]!, other)) };
}

/** The integer n with `a = n * b`, where sizes are related so for every input. */
function ratio(a: Dim, b: Dim): number | null {
  for (let n = 2; n <= 64; n++) if (sameDim(a, times(b, n))) return n;
  return null;
}

/** What to do about an input of spatial sizes `from` where `to` is due. */
export function resizeHints(from: Shape, to: Shape, which: string): readonly string[] {
  const first = from.findIndex((d, i) => i >= 2 && to[i] !== undefined && !sameDim(d, to[i]!));
  const a = from[first];
  const b = to[first];
  if (a === undefined || b === undefined || from.length !== to.length) return [];
  const up = ratio(b, a);
  if (up !== null) return [`bring ${which} up first: upsample(scale: ${up}) or a conv_transpose with stride ${up}`];
  const down = ratio(a, b);
  if (down !== null) return [`bring ${which} down first: maxpool(${down}) or a conv with stride ${down}`];
  if (a.symbol === b.symbol && a.scale * b.divisor === b.scale * a.divisor) {
    const more = a.offset / a.divisor - b.offset / b.divisor;
    if (more > 0) return [`crop ${which}, or use padding: same in the convolutions before the other`];
    return [`pad ${which}, or use padding: same in the convolutions before it`];
  }
  return [];
}

/** Rank and channel count of an image-like tensor [N, C, ...spatial], 1 to 3 spatial dimensions. */
export function imageInput(op: string, type: TensorType | undefined): { rank: number; channels: number } | Refusal {
  if (type === undefined) return refuse(say.noInputs.tensor({ op }));
  const rank = type.shape.length - 2;
  if (rank < 1 || rank > 3) {
    return refuse(
      say.shapeMismatch.image({ op, shape: printShape(type.shape) }),
      ['declare the input as f32[N, C, H, W], without H for one spatial dimension, with D before H for three'],
      0,
    );
  }
  const channels = type.shape[1] ?? num(0);
  if (!isNumber(channels)) {
    return refuse(
      say.shapeMismatch.channels({ op, shape: printShape(type.shape) }),
      ['write the number of channels as the second dimension of the input'],
      0,
    );
  }
  return { rank, channels: channels.offset };
}
