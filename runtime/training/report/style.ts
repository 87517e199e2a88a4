/** The report's style sheet: one column, system fonts, light and dark. */
export const style = `
:root {
  --ink: #1b1f24; --soft: #59626d; --faint: #e4e7eb; --page: #ffffff; --panel: #f7f8f9; --bar: #cfe3f5; --accent: #0072b2;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --soft: #9aa4af; --faint: #2c3239; --page: #14171a; --panel: #1b1f24; --bar: #1d3a52; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3.5rem 2rem 5rem; max-width: 66rem; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-font-smoothing: antialiased;
}
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; margin: 0; font-weight: 650; }
h2 { font-size: 1.15rem; letter-spacing: -0.01em; margin: 3.5rem 0 1rem; font-weight: 650; }
p { margin: 0.4rem 0 0; max-width: 46rem; }
.soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 2.5rem; margin: 2rem 0 0; padding: 0; list-style: none; }
.facts b { display: block; font-size: 1.7rem; font-weight: 600; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; line-height: 1.25; }
.facts span { color: var(--soft); font-size: 0.875rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 2rem; }
.chart h3 { font-size: 0.875rem; font-weight: 600; margin: 0 0 0.5rem; }
.chart .key { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; font-size: 0.8125rem; color: var(--soft); margin-top: 0.25rem; padding-left: 3.25rem; }
.key i, .legend i { display: inline-block; width: 0.75rem; height: 0.1875rem; border-radius: 1px; vertical-align: middle; margin-right: 0.375rem; }
.legend i { height: 0.75rem; border-radius: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; font-size: 0.875rem; color: var(--soft); margin: 0 0 1rem; }
.uplot { font-family: inherit !important; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
th { font-weight: 500; font-size: 0.8125rem; color: var(--soft); text-align: right; padding: 0 0.75rem 0.5rem; border-bottom: 1px solid var(--ink); white-space: nowrap; }
td { text-align: right; padding: 0.5rem 0.75rem; border-bottom: 1px solid var(--faint); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
td.left, th.left { text-align: left; }
tr.first td { border-top: 1px solid var(--soft); }
.bar { position: relative; min-width: 9rem; }
.bar i { position: absolute; left: 0.75rem; top: 0.5rem; bottom: 0.5rem; background: var(--bar); border-radius: 2px; }
.bar span { position: relative; }
.cases { display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 1.75rem 2.5rem; }
.case { margin: 0; }
.case div { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.375rem; align-items: start; }
.case img { width: 100%; display: block; border-radius: 3px; image-rendering: pixelated; background: var(--panel); }
.case figcaption { display: flex; justify-content: space-between; gap: 1rem; font-size: 0.8125rem; color: var(--soft); margin-bottom: 0.375rem; }
.case figcaption b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.case figcaption span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.heads { display: grid; grid-template-columns: repeat(3, 1fr); }
h3.group { font-size: 0.875rem; font-weight: 600; margin: 1.75rem 0 0.75rem; }
pre { background: var(--panel); padding: 1rem 1.25rem; border-radius: 6px; overflow-x: auto; font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details summary { cursor: pointer; color: var(--soft); }
@media (max-width: 40rem) { body { padding: 2rem 1rem; } .charts, .cases { grid-template-columns: 1fr; } }
@media print { body { max-width: none; padding: 0; } .case { break-inside: avoid; } }
`;
