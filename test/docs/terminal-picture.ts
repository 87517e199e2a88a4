/** Width of a character and height of a line of the font, in pixels. */
const [column, line] = [7.8, 18];
const escaped = (text: string): string => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (n: number): string => String(Math.round(n * 10) / 10);

/** A terminal's text as an SVG picture; lines that start with `$ ` are commands. */
export function terminalPicture(text: string, label: string): string {
  const lines = text.split('\n');
  const width = Math.ceil(36 + column * Math.max(...lines.map((l) => l.length)));
  const height = 34 + line * lines.length + 14;
  const drawn = lines.flatMap((whole, k) =>
    // Words that stand apart keep their columns in any font.
    [...whole.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => {
      const at = `x="${short(18 + column * index)}" y="${47.5 + line * k}" textLength="${short(column * words.length)}"`;
      if (!words.startsWith('$ ')) return `<text ${at}>${escaped(words)}</text>`;
      const command = words.slice(2);
      return `<text x="18" y="${47.5 + line * k}" textLength="${column}" fill="#7ee787" font-weight="bold">$</text>
<text x="${18 + 2 * column}" y="${47.5 + line * k}" textLength="${short(column * command.length)}" font-weight="bold">${escaped(command)}</text>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="none" stroke="#30363d"/>
<g fill="#484f58"><circle cx="20" cy="17" r="5"/><circle cx="37" cy="17" r="5"/><circle cx="54" cy="17" r="5"/></g>
<g fill="#d6dce4" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="13">
${drawn.join('\n')}
</g>
</svg>
`;
}
