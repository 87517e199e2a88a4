import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { withTemporaryFile } from '../../../support/files/disk.js';

/** OpenVINO's devices and the libraries that it would load for them, the first that is there. */
const devices: Readonly<Record<string, readonly string[]>> = {
  CPU: ['intel_cpu', 'arm_cpu'],
  GPU: ['intel_gpu'],
  NPU: ['intel_npu'],
  AUTO: ['auto'],
  MULTI: ['auto'],
  BATCH: ['auto_batch'],
  HETERO: ['hetero'],
  TEMPLATE: ['template'],
};

/**
 * The list of plugins of an OpenVINO library, as its `plugins.xml`: each by the absolute path where it lies, or would lie,
 * beside the library. Without such a list OpenVINO looks for a plugin that is not there (an install of ours leaves out those
 * that unetc does not use) by its bare name, and so loads one from the current folder.
 *
 * @param library path of libopenvino_c
 */
export function pluginList(library: string): string {
  const folder = dirname(resolve(library));
  const name = (plugin: string): string =>
    basename(library).endsWith('.dll') ? `openvino_${plugin}_plugin.dll` : `libopenvino_${plugin}_plugin.so`;
  // Distributions keep them in a folder of the release: /usr/lib/…/openvino-2025.2.0/.
  const folders = [folder, ...foldersIn(folder).map((inner) => join(folder, inner))];
  const present = new Map(folders.toReversed().flatMap((at) => filesIn(at).map((file) => [file, join(at, file)])));
  const lines = Object.entries(devices).map(([device, plugins]) => {
    const path =
      plugins.map((plugin) => present.get(name(plugin))).find((found) => found !== undefined) ??
      join(folder, name(plugins[0] as string));
    return `<plugin name="${device}" location="${escaped(path)}"></plugin>`;
  });
  return `<ie><plugins>${lines.join('')}</plugins></ie>`;
}

/** Has a file of that list for as long as `use` takes: OpenVINO reads it while it starts. */
export const withPluginList = <T>(library: string, use: (file: string) => T): T =>
  withTemporaryFile(join(resolve(tmpdir()), 'unetc-openvino-'), 'plugins.xml', pluginList(library), use);

const filesIn = (folder: string): string[] => entries(folder, false);
const foldersIn = (folder: string): string[] => entries(folder, true).filter((name) => /^openvino-\d/.test(name));

function entries(folder: string, directories: boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() === directories)
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);
