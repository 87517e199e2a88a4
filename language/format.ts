/** A spec's text in canonical form. */
export type Formatter = (text: string) => string;

/** What formatting is done by; null while the language has no canonical form, and editors are then not offered any. */
export const formatter: Formatter | null = null as Formatter | null;
