/**
 * The comment that belongs to what stands at an offset: the `//` lines right above its line, else what stands behind `//` at the
 * end of its line.
 */
export function commentOf(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  // Something else may begin the line: `batch = 16  epochs = 40`.
  const above: string[] = [];
  if (text.slice(start, offset).trim() === '') {
    for (let end = start - 1; end >= 0; ) {
      const from = text.lastIndexOf('\n', end - 1) + 1;
      const line = text.slice(from, end).trim();
      if (!line.startsWith('//')) break;
      above.unshift(line.replace(/^\/\/+ ?/, ''));
      end = from - 1;
    }
  }
  if (above.length > 0) return above.join('\n').trim();
  const lineEnd = /\r|\n|$/.exec(text.slice(offset))?.index ?? 0;
  const line = text.slice(offset, offset + lineEnd).replace(/"(?:[^"\\]|\\.)*"/g, (s) => ' '.repeat(s.length));
  const at = line.indexOf('//');
  return at < 0
    ? ''
    : line
        .slice(at)
        .replace(/^\/\/+ ?/, '')
        .trim();
}
