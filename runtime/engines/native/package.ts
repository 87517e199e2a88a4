import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The folder of a package installed where a module is: in a `node_modules` of its folder or of one above it, as Node
 * resolves an import. Unlike `require.resolve` it does not go on with NODE_PATH or `~/.node_modules`, because native code
 * is loaded from what it finds: no package that merely lies about on the machine may be that.
 *
 * @param from folder of the module
 */
export async function installedPackage(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (await isFile(join(found, 'package.json'))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
