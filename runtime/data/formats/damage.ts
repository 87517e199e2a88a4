import { UserError } from '../../../compiler/user-error.js';

/** A file that contradicts itself or breaks off. @param reason a sentence's end, or what a decoder threw */
export function corrupt(path: string, reason: unknown): UserError {
  const text = reason instanceof Error ? (reason.message.split('\n')[0] ?? '') : String(reason);
  return new UserError(
    'image-corrupt',
    `${path} can't be decoded (${text.replace(/[\s:.]+$/, '')})`,
    'replace it with an intact copy, or remove it and its partner',
    { cause: reason },
  );
}

/** A file that is right but of a kind that is not read. */
export const unsupported = (path: string, what: string, hint: string): UserError =>
  new UserError('image-unsupported', `${path} ${what}`, hint);
