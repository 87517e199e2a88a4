import { drawNetwork } from '../../compiler/5-emit/svg/index.js';
import { writeAtomic } from '../../runtime/files/atomic.js';
import type { Io, Outcome } from '../io.js';
import { parseSettings } from '../options.js';
import { chooseSelection } from '../selection.js';
import { loadSpec } from '../spec.js';

/** `unetc draw FILE [-o F.svg]`: the SVG goes to the file, or to stdout. */
export async function draw(
  file: string,
  options: { out?: string; prune?: string; set?: string[] },
  io: Io,
): Promise<Outcome> {
  const { network } = await loadSpec(file, parseSettings(options.set), io);
  const { level } = chooseSelection(network, { prune: options.prune });
  const svg = drawNetwork(network, { level });
  if (options.out === undefined) return { json: { svg, level }, text: svg.trimEnd() };
  await writeAtomic(options.out, svg);
  return { json: { out: options.out, level }, text: `wrote ${options.out}` };
}
