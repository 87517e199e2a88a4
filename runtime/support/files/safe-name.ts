/** Names that Windows gives to devices, with any ending. */
const devices = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=$|[ .])/i;
/** Bytes that leave room for an ending and for the temporary name that a file is written under: file systems take 255. */
const longest = 120;

/**
 * A file's or folder's name made of a name from elsewhere: a model's metadata, a spec. It is one component of a path on every
 * platform: no separators, no `.` or `..`, no characters or device names that Windows refuses, nothing invisible, not too long. A name
 * that is so already stays as it is.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    // Separators, what Windows gives a meaning to, and characters of control and format, which are not seen.
    .replace(/[/\\:*?"<>|]|\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/gu, '_')
    .replace(/^[. ]+/, (start) => '_'.repeat(start.length));
  // Windows drops dots and spaces at the end.
  const cut = shortened(plain, longest).replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  if (cut === '') return '_';
  return devices.test(cut) ? `_${cut}` : cut;
}

/**
 * The same for several that lie in one folder: distinct, also where upper and lower case are one. Of two that would collide the
 * later gets a number.
 */
export function safeFileNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const safe = safeFileName(name);
    let candidate = safe;
    for (let k = 2; taken.has(folded(candidate)); k++) candidate = `${safe}-${k}`;
    taken.add(folded(candidate));
    return candidate;
  });
}

/** Equal for names that some file system takes for one. */
const folded = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** At most so many bytes of UTF-8, by whole characters. */
function shortened(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let length = 0;
  let kept = '';
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > most) break;
    kept += character;
  }
  return kept;
}
