import { UserError } from '../../../compiler/user-error.js';

const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOENT: ['there is no such file or folder', 'check the path'],
  EACCES: ['permission denied', 'change the permissions, or choose another place'],
  EPERM: ['the system does not allow it', 'change the permissions, or choose another place'],
  EROFS: ['the file system is read-only', 'choose another place'],
  ENOSPC: ['no space left on the disk', 'free some space and run again'],
  EDQUOT: ['the disk quota is used up', 'free some space and run again'],
  EFBIG: ['the file would be larger than the file system or a limit allows', 'choose another place'],
  EIO: ['the disk reports an input/output error', 'check the disk, or choose another place'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'check the path'],
  EISDIR: ['it is a folder', 'name a file in it'],
  EEXIST: ['it exists already', 'choose another name'],
  ENOTEMPTY: ['it is a folder that is not empty', 'name a file in it'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter name'],
  ELOOP: ['the symbolic links form a loop', 'check the path'],
  EMFILE: ['too many files are open', 'raise the limit on open files (ulimit -n)'],
  EBUSY: ['it is in use', 'end what uses it, or choose another place'],
  ENOMEM: ['the system has no memory for it', 'free some memory and run again'],
  EPIPE: ['nobody reads it any more', 'run again'],
  ENFILE: ['too many files are open', 'raise the limit on open files (ulimit -n)'],
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Whether a call failed with this errno name, `ENOENT`. */
export const failedWith = (error: unknown, code: string): boolean => codeOf(error) === code;

/**
 * A failed file operation in the user's terms: `can't write runs/a/last.safetensors: no space left on the disk`.
 * Anything that is not a failure of the file system is answered as it is: it is a bug of ours.
 */
export function fileFailure(verb: 'read' | 'write' | 'create', path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'ENOENT' && verb !== 'read') {
    return new UserError(
      `file-${verb}`,
      `can't ${verb} ${path}: its folder does not exist`,
      'create the folder first',
      {
        cause: error,
      },
    );
  }
  if (code === undefined || !/^E[A-Z\d]+$/.test(code)) return error;
  const known = reasons[code] ?? [`the system refuses it (${code})`, 'choose another place'];
  return new UserError(`file-${verb}`, `can't ${verb} ${path}: ${known[0]}`, known[1], { cause: error });
}
