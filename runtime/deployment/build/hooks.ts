/** What a build that takes its time tells its caller, and is told. */
export interface BuildHooks {
  /** `what` is being done: images measured, layers tried. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
  /** Aborting rejects with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}
