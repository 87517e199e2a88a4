import type { Example, Page } from '../compiler/diagnostics/page.js';

type WithAnswer = Example & { readonly answer: string | null };
type Read = Page & { readonly code: string; readonly wrong: WithAnswer; readonly right: WithAnswer };

/** Throws, with the page's name, where it is not of the form of the others. */
export function readPage(name: string, text: string): Read;
export function readPages(): Read[];
/** Path -> text of everything made of the pages. */
export function made(pages: readonly Read[]): Map<URL, string>;
export function writeCatalogue(): void;
