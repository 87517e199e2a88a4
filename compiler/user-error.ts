/**
 * Something the user can put right: a level that the network does not have, weights that do not fit, a missing folder, a full disk.
 * The command line prints `message` and `hint` and exits 1; anything else that is thrown is our own mistake.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** Stable, for programs: `mask-missing`. */
  readonly code: string;
  /** One thing to do. */
  readonly hint?: string;

  /** @param message names the file and what is wrong with it; lower case, no full stop */
  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }
}

/** `a, b, c and 4 more`: enough names to find the pattern, never a screenful. */
export function someOf(names: readonly string[], shown = 3): string {
  const rest = names.length - shown;
  return names.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
