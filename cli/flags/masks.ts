import { load } from '../../compiler/index.js';
import { type MaskOrientation, type MaskSetting, orientationNames } from '../../compiler/recipe.js';
import type { DataFormat } from '../../runtime/data/index.js';
import { UsageError } from '../errors.js';
import { parseCount } from './options.js';

/** Flags that say how masks are read, as the settings of a train block do. */
export interface MaskOptions {
  readonly maskRule?: string;
  readonly ignore?: string;
  readonly orientation?: string;
}

/** What the flags say, for a data folder's format or a recipe; what they leave out is absent. */
export function parseMaskOptions(options: MaskOptions): Pick<DataFormat, 'masks' | 'ignore' | 'orientation'> {
  const { maskRule, ignore, orientation } = options;
  return {
    ...(maskRule === undefined ? {} : { masks: parseMasks(maskRule) }),
    ...(ignore === undefined ? {} : { ignore: parseCount(ignore, '--ignore', 0, 65535) }),
    ...(orientation === undefined ? {} : { orientation: parseOrientation(orientation) }),
  };
}

/** `threshold(128)`: read by the compiler, as it stands behind `masks =` in a train block. */
function parseMasks(text: string): MaskSetting {
  const { recipe, diagnostics } = load(`train { masks = ${text} }`);
  const wrong = diagnostics.find((d) => d.severity === 'error' && d.code !== 'no-network');
  if (wrong || recipe.masks === undefined) {
    throw new UsageError(
      `--mask-rule '${text}': ${wrong?.message ?? 'this is no rule for masks'}`,
      wrong?.hints[0] ?? "as in --mask-rule 'threshold(128)'",
    );
  }
  return recipe.masks;
}

function parseOrientation(text: string): MaskOrientation {
  const found = orientationNames.find((name) => name === text);
  if (found) return found;
  throw new UsageError(`--orientation ${text} is neither stored nor exif`, 'as in --orientation stored');
}
