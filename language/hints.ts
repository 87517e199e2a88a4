import { type Analysis, tokensBefore } from './analysis.js';
import { type Place, shapeOf } from './facts.js';

export interface Hint {
  /** Behind this offset. */
  readonly offset: number;
  /** `[16, H/2, W/2]`, or `[16, H, W] .. [256, H/16, W/16]` */
  readonly text: string;
  /** Which cells have which shape, where there are several. */
  readonly tooltip: string;
}

/** The shape of what each rule, head and tensor `let` gives, between two offsets. */
export function hints(analysis: Analysis, from = 0, to = analysis.text.length): Hint[] {
  const { analyzed, facts, tokens } = analysis;
  const out: Hint[] = [];
  const add = (places: readonly Place[], body: number): void => {
    if (body < from) return;
    // In front of the `=`, which is the last token before the body.
    const k = tokensBefore(tokens, body) - 1;
    const last = tokens[k]?.text === '=' ? tokens[k - 1] : undefined;
    const shapes = places.flatMap((p) => (p.value ? [{ label: p.label, shape: shapeOf(p.value) }] : []));
    const first = shapes[0];
    if (last === undefined || first === undefined) return;
    const end = shapes.at(-1)?.shape ?? '';
    const same = shapes.every((s) => s.shape === first.shape);
    const tooltip = same
      ? ''
      : shapes
          .slice(0, 40)
          .map((s) => `${s.label}: ${s.shape}`)
          .join('\n');
    out.push({ offset: last.end, text: same ? first.shape : `${first.shape} .. ${end}`, tooltip });
  };
  const [network] = analyzed.root.tree.networks;
  for (const item of network?.items ?? []) {
    const { span } = item;
    if (span.start.offset > to || span.end.offset < from) continue;
    if (item.kind === 'grid') for (const rule of item.rules) add(facts.cellsOf(rule), rule.body.span.start.offset);
    else if (item.kind === 'head') add(facts.headsOf(item), item.body.span.start.offset);
    else if (item.kind === 'let') {
      const tensor = facts.tensor(item.name.text);
      if (tensor) add([tensor], item.value.span.start.offset);
    }
  }
  return out.filter((h) => h.offset >= from && h.offset <= to);
}
