import { classRules, dark, light, type Palette, type Token } from '../theme.js';

const tokens = Object.keys(light) as Token[];
/** A palette as custom properties of a style sheet. */
export const variables = (palette: Palette): string => tokens.map((t) => `--${t}:${palette[t]}`).join(';');

/** The page's style sheet; `forced` is the theme asked for, or null: the reader's. */
export function pageStyle(forced: 'light' | 'dark' | null): string {
  const base = forced === 'dark' ? dark : light;
  return `
:root{${variables(base)};color-scheme:${forced ?? 'light dark'}}
${forced === null ? `@media (prefers-color-scheme:dark){:root{${variables(dark)}}}` : ''}${pageRules}`;
}

/** All but the colours, which are the custom properties of `variables`. */
export const pageRules = `
${classRules(tokens, (t) => `var(--${t})`)}
${tokens.map((t) => `.k-${t}{color:var(--${t})}`).join('')}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.75rem 3rem;max-width:96rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.2;letter-spacing:-.01em;margin:0;font-weight:650}
p{margin:.25rem 0 0;color:var(--quiet)}
b,dd,output{font-variant-numeric:tabular-nums}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.5rem;margin:1.25rem 0 .75rem}
fieldset{border:0;margin:0;padding:0;display:inline-flex}
legend{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
fieldset label{position:relative;border:1px solid var(--cut);padding:.3rem .9rem;cursor:pointer;font-weight:600;margin-left:-1px}
fieldset label:first-of-type{border-radius:7px 0 0 7px;margin-left:0}
fieldset label:last-of-type{border-radius:0 7px 7px 0}
fieldset label:only-of-type{border-radius:7px}
fieldset label:has(:checked){background:var(--headFill);border-color:var(--head);color:var(--head);z-index:1}
fieldset label:has(:focus-visible){outline:2px solid var(--down);outline-offset:2px;z-index:2}
fieldset input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}
output b{font-weight:600;color:var(--ink)}
output{color:var(--quiet)}
.scroll{overflow-x:auto}
svg{display:block;max-width:100%;height:auto;min-width:36rem}
.facts{min-height:6rem;margin-top:.75rem;padding:.9rem 1.1rem;border-radius:9px;background:var(--plainFill)}
.facts h2{font-size:1rem;margin:0 0 .35rem;font-weight:650}
.facts ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.15rem 1.75rem}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:.75rem 0 0;padding:0;list-style:none;color:var(--quiet);font-size:.8125rem}
.key i{display:inline-block;width:1.75rem;border-top:3px solid;vertical-align:middle;margin-right:.45rem}
[data-box]{cursor:default;outline:none}
[data-box]:focus-visible rect{stroke-width:3.5px}
.cut .u-f-encoderFill,.cut .u-f-nodeFill,.cut .u-f-plainFill,.cut .u-f-headFill{fill:var(--cutFill)}
.cut [class*=u-s-]{stroke:var(--cut);stroke-dasharray:4 3}
.cut .u-f-down,.cut .u-f-up,.cut .u-f-skip,.cut .u-f-plain,.cut path.u-f-head{fill:var(--cut)}
.cut text{fill:var(--cutInk)}
.gone{display:none}
svg.lit [data-from],svg.lit [data-box]{opacity:.22}
svg.lit .in,svg.lit .out,svg.lit .near,svg.lit .at{opacity:1}
svg.lit .in path:nth-of-type(1),svg.lit .out path:nth-of-type(1){stroke-width:3px}
svg.lit .at rect{stroke-width:3px}
@media (prefers-reduced-motion:no-preference){[data-from],[data-box]{transition:opacity .12s}}
@media print{.bar,.facts{display:none}}
`;
