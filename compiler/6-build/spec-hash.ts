import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import type { ImportedFile } from '../0-import/index.js';

/** SHA-256 of a spec's text and of all it imports (`load().imports`), in hex; line ends do not count. */
export function specHash(text: string, imports: readonly ImportedFile[] = []): string {
  const lines = (s: string): string => s.replaceAll('\r\n', '\n');
  const hash = sha256.create().update(utf8ToBytes(lines(text)));
  for (const file of imports) hash.update(utf8ToBytes(`\0${file.path}\0${lines(file.text)}`));
  return bytesToHex(hash.digest());
}
