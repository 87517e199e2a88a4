import { type PageParts, pageParts, pictureOf, tooLargeToDraw } from '../compiler/5-emit/drawing/index.js';
import type { Span } from '../grammar/diagnostic.js';
import type { Analysis } from './analysis.js';
import { referenceSize } from './facts.js';

/** The network for a page beside its text. */
export interface Drawing extends PageParts {
  readonly name: string;
  /** Where the text says what a box is, by the box's id: a cell's rule, a head, a `let`, the input, the output. */
  readonly places: ReadonlyMap<string, Span>;
}

/** Why a network that is right has no drawing; null if it has one. */
export const undrawable = ({ analyzed: { sketch } }: Analysis): string | null => sketch && tooLargeToDraw(sketch);

/**
 * The network as `unetc draw -o F.html` shows it, MACs counted at the recipe's size, and where the text says what is drawn. There
 * also while only something beside the network is wrong: an expectation, the recipe. Null while there is no network to draw, or one
 * that is too large (`undrawable`).
 */
export function drawing({ analyzed }: Analysis): Drawing | null {
  const { sketch, recipe, meanings, root } = analyzed;
  const size = sketch && referenceSize(sketch, recipe.resize ?? recipe.patch);
  if (!sketch || !size || tooLargeToDraw(sketch) !== null) return null;
  const picture = pictureOf(sketch, { sizes: size.sizes });
  const declared = new Map(
    (root.tree.networks[0]?.items ?? []).flatMap((item) => ('name' in item ? [[item.name.text, item.span]] : [])),
  );
  const rules = new Map(meanings.cells.flatMap(({ label, rule }) => (rule ? [[label, rule.span]] : [])));
  const places = picture.boxes.flatMap(({ id, kind, base }) => {
    const span = kind === 'cell' ? rules.get(id) : declared.get(base);
    return span ? [[id, span] as const] : [];
  });
  return { name: picture.name, ...pageParts(picture), places: new Map(places) };
}
