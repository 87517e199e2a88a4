import type { AttrValue, Node } from '../../../ir/graph.js';

/** The operators of a box in the order of their first use, equal ones counted: `2 × conv 3×3`, `2 × relu`. */
export function operatorList(nodes: readonly Node[], rank: number): string[] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const text = operatorText(node, rank);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${count} × ${text}`));
}

const perAxis = (value: AttrValue | undefined, rank: number): string => {
  if (typeof value === 'number') return new Array<number>(rank).fill(value).join('×');
  return typeof value === 'object' ? value.join('×') : '';
};

/** `conv 3×3 /2`: the window, and by how much it strides. */
function operatorText({ op, attrs }: Node, rank: number): string {
  const parts: string[] = [op];
  if (attrs.kernel !== undefined) parts.push(perAxis(attrs.kernel, rank));
  if (op === 'upsample') parts.push(`${perAxis(attrs.scale ?? 2, rank)} ${attrs.mode ?? 'nearest'}`);
  const stride = attrs.stride === 'kernel' ? undefined : attrs.stride;
  const strides = [stride].flat().filter((s) => typeof s === 'number');
  if (strides.some((s) => s > 1)) parts.push(`stride ${[...new Set(strides)].join('×')}`);
  const dilations = [attrs.dilation].flat().filter((d) => typeof d === 'number');
  if (dilations.some((d) => d > 1)) parts.push(`dilation ${[...new Set(dilations)].join('×')}`);
  return parts.filter((p) => p !== '').join(' ');
}
