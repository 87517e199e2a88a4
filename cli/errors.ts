/** The command line itself is wrong, whatever the files hold: exit 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly hint = '',
  ) {
    super(message);
  }
}

/** The input is wrong, and the messages that say so were printed already: exit 1. `json` is what `--json` answers. */
export class Reported extends Error {
  constructor(readonly json: unknown) {
    super('reported');
  }
}
