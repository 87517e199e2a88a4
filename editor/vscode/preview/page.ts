import { explorer } from '../../../compiler/5-emit/drawing/html/script.js';
import { pageRules, variables } from '../../../compiler/5-emit/drawing/html/style.js';
import { escapeXml } from '../../../compiler/5-emit/drawing/svg/xml.js';
import { dark, light } from '../../../compiler/5-emit/drawing/theme.js';
import { previewScript } from './script.js';

/** `auto`: as the editor. */
export type Theme = 'auto' | 'light' | 'dark';

export interface PageOptions {
  /** Fresh for each page, so that nothing but its own script and style has any effect: letters, digits, `-` and `_`. */
  readonly nonce: string;
  /** The text's address; the editor gives it back when it opens the panel again. */
  readonly uri: string;
  readonly theme: Theme;
  /** The level to be shown at first; null, or one that is not there: the whole network. */
  readonly level: number | null;
}

/** The page of a preview: no address, no inline handler, and a policy that would let none have any effect. */
export function previewPage({ nonce, uri, theme, level }: PageOptions): string {
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  const settings = JSON.stringify({ uri, level }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeXml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Network</title>
<style nonce="${nonce}">${styleOf(theme)}</style>
</head>
<body>
<p id="note">The network is drawn as soon as the language server has read the text.</p>
<main></main>
<button id="problem" type="button" aria-live="polite" hidden></button>
<script nonce="${nonce}">${explorer}${previewScript}start(${settings});</script>
</body>
</html>
`;
}

function styleOf(theme: Theme): string {
  const colours =
    theme === 'auto'
      ? `body{${paletteOf('light', true)}}
body.vscode-dark,body.vscode-high-contrast:not(.vscode-high-contrast-light){${paletteOf('dark', true)}}`
      : `body{${paletteOf(theme, false)}}`;
  return `${pageRules}${colours}
body{padding:1rem 1.25rem 7rem;max-width:none;font-size:13px}
h1{font-size:1.25rem}
.bar{margin:.75rem 0 .5rem}
svg{min-width:26rem}
[hidden]{display:none}
#problem{position:fixed;inset:auto 0 0;z-index:1;max-height:40vh;overflow:auto;padding:.6rem 1.25rem;border:0;border-top:2px solid var(--wrong);background:var(--wrongFill);color:var(--ink);font:inherit;text-align:left;white-space:pre-line;cursor:pointer}
#problem b{color:var(--wrong);font-weight:600}
#problem:focus-visible{outline:2px solid var(--down);outline-offset:-2px}
main{transition:opacity .15s}
main.stale{opacity:.45;filter:grayscale(1)}
[data-box]{cursor:pointer}
.here rect{stroke-width:3.5px}
.here:not(.cut) rect{stroke:var(--ink)}
`;
}

/** @param blend whether the page lies on the editor's own background */
function paletteOf(scheme: 'light' | 'dark', blend: boolean): string {
  const palette = scheme === 'dark' ? dark : light;
  const paper = blend ? `var(--vscode-editor-background,${palette.paper})` : palette.paper;
  const [wrong, wrongFill] = scheme === 'dark' ? ['#ff8f85', '#3b1d1c'] : ['#b3261e', '#fdeceb'];
  return `${variables({ ...palette, paper })};--wrong:${wrong};--wrongFill:${wrongFill};color-scheme:${scheme}`;
}
