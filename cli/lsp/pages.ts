import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { explain } from '../../compiler/diagnostics/explain.js';
import { cacheFolder } from '../../runtime/engines/native/cache.js';
import { makeFolder, writeAtomic } from '../../runtime/support/files/atomic.js';
import { version } from '../../runtime/support/version.js';
import { pageAddress } from '../render/links.js';

/**
 * What a code in an editor can lead to: its page in this package's docs, or where these did not come along what `unetc explain`
 * says, written to the cache folder. Where nothing can be written, codes lead nowhere.
 */
export class Pages {
  private readonly folder = join(cacheFolder(), 'explain', version());
  private readonly known = new Map<string, string | undefined>();

  async addressOf(code: string): Promise<string | undefined> {
    if (!this.known.has(code)) this.known.set(code, pageAddress(code) ?? (await this.write(code)));
    return this.known.get(code);
  }

  private async write(code: string): Promise<string | undefined> {
    const text = explain(code);
    if (text === undefined) return undefined;
    const file = join(this.folder, `${code}.txt`);
    try {
      await makeFolder(this.folder);
      if (!existsSync(file)) await writeAtomic(file, text);
      return pathToFileURL(file).href;
    } catch {
      return undefined;
    }
  }
}
