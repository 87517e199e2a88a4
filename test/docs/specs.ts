import { type Diagnostic, format, type Loaded, load } from '../../compiler/index.js';
import { parse } from '../../grammar/index.js';
import type { NetworkItem } from '../../grammar/tree.js';
import type { Fence } from './fences.js';

/** What a fragment of a page is read in: a network of every kind of item. */
const host = `network Host {
  param classes = 1
  param width   = [8, 16, 32]
  let depth = len(width) - 1

  input image: f32[N, 3, H, W]

  block Conv2(x, c) {
    x |> conv(c, kernel: 3) |> batchnorm |> relu
      |> conv(c, kernel: 3) |> batchnorm |> relu
  }

  grid X[i in 0..depth, j in 0..depth - i] {
    X[0, 0] = image |> Conv2(width[0])
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Conv2(width[i])
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Conv2(width[i])
  }

  head S[j in 1..depth] = X[0, j] |> conv(classes, kernel: 1) |> sigmoid

  output mask {
    accurate = mean(S)
    fast     = last(S)
  }
}
`;

/** `kinds`: how the text of a fence becomes a spec. A fence without one of these words is a spec as it stands. */
const kinds = {
  /** Items of a network, each in place of the host's of its name; a recipe may follow. */
  item: (text: string) => hostWith(text),
  /** Rules, in place of those of the host's grid X. */
  rules: (text: string) => hostWith(`grid X[i in 0..depth, j in 0..depth - i] {\n${text}\n}`),
  /** Blocks and imports, beside a network. */
  beside: (text: string) => `${text}\n${host}`,
  /** A recipe, beside a network. */
  train: (text: string) => `${host}\n${text}`,
} as const;

const kindOf = (fence: Fence) =>
  (Object.keys(kinds) as (keyof typeof kinds)[]).find((kind) => fence.words[kind] === true);

/** Whether the fence is a whole spec: it is then in canonical form and without a warning. */
export const isWhole = (fence: Fence): boolean => kindOf(fence) === undefined;

export function specOf(fence: Fence): string {
  const kind = kindOf(fence);
  return kind === undefined ? fence.text : kinds[kind](fence.text);
}

const keyOf = (item: NetworkItem): string =>
  item.kind === 'expect' ? '' : item.kind === 'output' || item.kind === 'input' ? item.kind : item.name.text;

/** The host without the items that the text has its own of, and with the text's. */
function hostWith(text: string): string {
  const open = 'network _ {\n';
  const [its] = parse(`${open}${text}\n}`).tree.networks;
  const [own] = parse(host).tree.networks;
  const replaced = new Set(its?.items.map(keyOf));
  let out = host;
  for (const item of [...(own?.items ?? [])].reverse()) {
    if (replaced.has(keyOf(item))) out = out.slice(0, item.span.start.offset) + out.slice(item.span.end.offset);
  }
  return out.replace(/\}\n$/, `${text}\n}\n`);
}

export interface Read {
  readonly spec: string;
  readonly loaded: Loaded;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/** Compiles a fence. `files`: what it may import, by path. */
export function compile(fence: Fence, files: ReadonlyMap<string, string>): Read {
  const spec = specOf(fence);
  const loaded = load(spec, { resolve: (path) => files.get(path) ?? null });
  const errors = loaded.diagnostics.filter((d) => d.severity === 'error');
  return { spec, loaded, errors, warnings: loaded.diagnostics.filter((d) => d.severity === 'warning') };
}

/** The fence in canonical form (`unetc fmt`). */
export function canonical(fence: Fence): string {
  const { text } = fence;
  const kind = kindOf(fence);
  if (kind === 'item' && !/^train /m.test(text)) return within('network _ {', text, '}');
  if (kind === 'rules') return within('network _ {\n  grid X[i in 0..1] {', text, '  }\n}');
  return format(`${text}\n`).text.trimEnd();
}

/** A text formatted as it stands within others, and shifted back. */
function within(before: string, text: string, after: string): string {
  const by = 2 * before.split('\n').length;
  const shifted = text.replace(/^(?=.)/gm, ' '.repeat(by));
  const lines = format(`${before}\n${shifted}\n${after}\n`).text.trimEnd().split('\n');
  const own = lines.slice(before.split('\n').length, lines.length - after.split('\n').length);
  return own.map((line) => line.slice(by)).join('\n');
}
