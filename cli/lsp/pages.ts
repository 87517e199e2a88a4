import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { explain } from '../../compiler/diagnostics/explain.js';
import { writeAtomic } from '../../runtime/files/atomic.js';
import { cacheFolder } from '../../runtime/tensorflow/native/cache.js';
import { version } from '../../runtime/version.js';

/** What `unetc explain` says, as files that a code in an editor can lead to. Where none can be written, codes lead nowhere. */
export class Pages {
  private readonly folder = join(cacheFolder(), 'explain', version());
  private readonly known = new Map<string, string | undefined>();

  async addressOf(code: string): Promise<string | undefined> {
    if (!this.known.has(code)) this.known.set(code, await this.write(code));
    return this.known.get(code);
  }

  private async write(code: string): Promise<string | undefined> {
    const text = explain(code);
    if (text === undefined) return undefined;
    const file = join(this.folder, `${code}.txt`);
    try {
      await mkdir(this.folder, { recursive: true });
      if (!existsSync(file)) await writeAtomic(file, text);
      return pathToFileURL(file).href;
    } catch {
      return undefined;
    }
  }
}
