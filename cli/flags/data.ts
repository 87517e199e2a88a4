import type { DataSource, ReadOptions } from '../../runtime/data/index.js';
import { UsageError } from '../errors.js';

/** Flags that answer what files leave open. */
export interface ReadFlags {
  readonly pages?: string;
  readonly placement?: string;
}

/** Flags that say where data is, too. */
export interface DataOptions extends ReadFlags {
  readonly data?: string;
  readonly images?: string;
  readonly masks?: string;
}

/**
 * The data that flags name: a folder or list, or a pattern of images with one of masks.
 *
 * @throws UsageError when none or both are given
 */
export function dataSource({ data, images, masks, ...flags }: DataOptions, command: 'train' | 'eval'): DataSource {
  const read = readOptions(flags);
  if (images === undefined) {
    if (masks !== undefined) {
      throw new UsageError(
        '--masks is a pattern beside --images',
        "how masks are read is --mask-rule 'threshold(128)'",
      );
    }
    if (data !== undefined) return { at: data, read };
    throw new UsageError(
      `required option '--data <DIR>' not specified`,
      `'unetc ${command} --help' lists what it takes`,
    );
  }
  if (data !== undefined) throw new UsageError('--data and --images both say where the data is', 'give one of them');
  if (masks === undefined || !masks.includes('{}')) {
    throw new UsageError(
      masks === undefined ? '--images needs --masks' : `--masks ${masks} has no {}`,
      `as in --images 'img/*.png' --masks 'gt/{}_seg.png', where {} is what * stands for`,
    );
  }
  return { at: { images, masks }, read };
}

function oneOf<T extends string>(text: string, flag: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found) return found;
  throw new UsageError(`${flag} ${text} is neither ${names.join(' nor ')}`, `as in ${flag} ${names[0]}`);
}

/** What the flags answer. */
export const readOptions = ({ pages, placement }: ReadFlags): ReadOptions => ({
  ...(pages === undefined ? {} : { pages: oneOf<'depth' | 'channels'>(pages, '--pages', ['depth', 'channels']) }),
  ...(placement === undefined
    ? {}
    : { placement: oneOf<'sform' | 'qform'>(placement, '--placement', ['sform', 'qform']) }),
});
