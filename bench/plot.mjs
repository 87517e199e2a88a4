const [width, height, left, right, top, bottom] = [720, 420, 64, 140, 16, 48];
/** Okabe & Ito (2008); the first is for the sum. */
const colors = ['#000000', '#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#b8a800'];

/**
 * Curves over logarithmic axes as an SVG, the first drawn strong, and a dotted line of slope 1 through its last point: what grows
 * linearly runs beside it.
 * @param series [{ label, points: [[x, y], ...] }], all x and y above 0
 */
export function plotOf(series, xTitle, yTitle) {
  const flat = series.flatMap((s) => s.points);
  const [x0, x1] = decades(flat.map(([x]) => x));
  const [y0, y1] = decades(flat.map(([, y]) => Math.max(y, 1e-4)));
  const x = (v) => left + ((Math.log10(v) - x0) / (x1 - x0)) * (width - left - right);
  const y = (v) => height - bottom - ((Math.log10(Math.max(v, 1e-4)) - y0) / (y1 - y0)) * (height - top - bottom);
  const out = [];
  const text = (at, anchor, words, more = '') =>
    out.push(`<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}"${more}>${words}</text>`);
  const path = (points, style) =>
    out.push(`<path d="M${points.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('L')}" ${style}/>`);
  for (let k = x0; k <= x1; k++) {
    path(
      [
        [10 ** k, 10 ** y0],
        [10 ** k, 10 ** y1],
      ],
      'stroke="#ddd"',
    );
    text([x(10 ** k), height - bottom + 18], 'middle', (10 ** k).toLocaleString('en'));
  }
  for (let k = y0; k <= y1; k++) {
    path(
      [
        [10 ** x0, 10 ** k],
        [10 ** x1, 10 ** k],
      ],
      'stroke="#ddd"',
    );
    text([left - 8, y(10 ** k) + 4], 'end', String(Number((10 ** k).toPrecision(1))));
  }
  const [lastX, lastY] = series[0].points.at(-1);
  const from = Math.max(10 ** x0, (lastX * 10 ** y0) / lastY);
  path(
    [
      [from, (lastY * from) / lastX],
      [lastX, lastY],
    ],
    'stroke="#888" stroke-dasharray="2 4"',
  );
  const labels = series
    .map(({ label, points }, k) => ({ label, k, at: y(points.at(-1)[1]) }))
    .sort((a, b) => a.at - b.at);
  series.forEach(({ points }, k) => {
    const style = `fill="none" stroke="${colors[k % colors.length]}" stroke-width="${k === 0 ? 2.5 : 1.5}"`;
    path(points, style);
  });
  let free = top;
  for (const { label, k, at } of labels) {
    const place = Math.max(at + 4, free + 14);
    free = place;
    text([x(lastX) + 8, place], 'start', label, ` fill="${colors[k % colors.length]}"`);
  }
  text([(left + width - right) / 2, height - 8], 'middle', xTitle);
  const middle = (top + height - bottom) / 2;
  text([14, middle], 'middle', yTitle, ` transform="rotate(-90 14 ${middle})"`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
${out.join('\n')}
</svg>
`;
}

/** The powers of ten around some numbers. */
function decades(numbers) {
  return [Math.floor(Math.log10(Math.min(...numbers))), Math.ceil(Math.log10(Math.max(...numbers)))];
}
