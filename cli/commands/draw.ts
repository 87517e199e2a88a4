import { type Format, pictureOf, renderers, type Theme, tooLargeToDraw } from '../../compiler/5-emit/drawing/index.js';
import { type ChosenSize, chooseSize } from '../../compiler/6-build/size.js';
import type { Network, Recipe } from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { UsageError } from '../errors.js';
import { parseSettings, parseSize } from '../flags/options.js';
import { chooseSelection } from '../flags/selection.js';
import { loadSpec } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';

export interface DrawOptions {
  readonly out?: string;
  readonly prune?: string;
  readonly format?: string;
  readonly theme?: string;
  readonly size?: string;
  readonly set?: string[];
}

/** `unetc draw FILE [-o F.svg]`: the drawing goes to the file, or to stdout. */
export async function draw(file: string, options: DrawOptions, io: Io): Promise<Outcome> {
  const [format, theme] = [formatOf(options), themeOf(options)];
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const { network, recipe, hasTrain } = await loadSpec(file, parseSettings(options.set), io);
  const { level } = chooseSelection(network, { prune: options.prune });
  const { sizes } = referenceSize(network, size, hasTrain ? recipe : undefined);
  const tooLarge = tooLargeToDraw(network);
  if (tooLarge !== null) {
    throw new UserError('drawing-too-large', `${file} can't be drawn: ${tooLarge}`, "'unetc plan' lists every node");
  }
  const picture = pictureOf(network, { level, sizes });
  const text = renderers[format](picture, { theme });
  if (options.out === undefined) return { json: { [format]: text, level }, text: text.trimEnd(), exact: true };
  await writeAtomic(options.out, text);
  return { json: { out: options.out, level, format }, text: `wrote ${options.out}` };
}

const themes: readonly Theme[] = ['light', 'dark', 'auto'];
const endings: Readonly<Record<string, Format>> = {
  svg: 'svg',
  dot: 'dot',
  gv: 'dot',
  mmd: 'mermaid',
  html: 'html',
  htm: 'html',
};

const isFormat = (name: string): name is Format => Object.hasOwn(renderers, name);

/** The format asked for, else the one that the file's ending means, else SVG. */
function formatOf({ format, out }: DrawOptions): Format {
  const ending = /\.([a-z]+)$/i.exec(out ?? '')?.[1]?.toLowerCase();
  const name = format ?? endings[ending ?? ''] ?? 'svg';
  if (isFormat(name)) return name;
  throw new UsageError(`there is no format ${name}`, `use ${Object.keys(renderers).join(', ')}`);
}

function themeOf({ theme = 'auto' }: DrawOptions): Theme {
  const found = themes.find((t) => t === theme);
  if (found) return found;
  throw new UsageError(`there is no theme ${theme}`, `use ${themes.join(', ')}`);
}

/** Where MACs are counted. A recipe written for other widths (`--set`) is no reason not to draw. */
function referenceSize(network: Network, size: readonly number[] | undefined, recipe: Recipe | undefined): ChosenSize {
  if (size !== undefined || recipe === undefined) return chooseSize(network, { size });
  try {
    return chooseSize(network, { recipe });
  } catch (error) {
    if (error instanceof UserError) return chooseSize(network, {});
    throw error;
  }
}
