/** A name from a file in a message: on one line, without what a terminal acts on or does not show, and not long. */
export function shown(name: string, longest = 80): string {
  const plain = name.replace(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/gu, '?');
  return plain.length <= longest ? plain : `${plain.slice(0, longest - 3)}...`;
}
