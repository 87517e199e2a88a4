import { UserError } from '../../compiler/user-error.js';
import { type InstallProgress, install } from '../../runtime/engines/native/install.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import { nativeEngine } from '../flags/engines.js';
import type { Io, Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';
import { progressBar } from '../render/progress.js';

export interface EngineInstallOptions {
  readonly gpu?: boolean;
  readonly wheel?: string[];
}

/** `unetc engine install NAME`: brings a native engine that npm alone can't bring. */
export async function engineInstall(name: string, options: EngineInstallOptions, io: Io): Promise<Outcome> {
  const { name: engine, native } = await nativeEngine(name, 'install');
  const { library, locate, probe } = native;
  const { title } = library;
  const progress = await installProgress(io);
  const signal = io.interruption();
  const installed = await install(library, {
    gpu: options.gpu,
    wheels: options.wheel,
    signal,
    onProgress: progress.show,
    onWait: ({ pid }) => io.err(`process ${pid} is installing or removing ${title}: waiting for its end\n`),
  }).finally(() => {
    progress.stop();
    if (signal.aborted) io.err('what came is kept: the same command goes on from there\n');
  });
  const { folder, version, kind, already } = installed;
  const found = await locate({ gpu: kind === 'gpu' });
  if (isMissing(found)) throw new UserError('engine', found.missing, found.remedy);
  const probed = await probe(found);
  if (!probed.ok) {
    throw new UserError(
      'engine',
      `${title} ${version} is in ${folder}, but ${probed.reason}`,
      `use --engine ort; 'unetc engine remove ${name}' frees the space`,
    );
  }
  const { devices } = probed;
  const gpu = kind === 'gpu' && !devices.includes('gpu') ? ' (no GPU found: it runs on the CPU)' : '';
  const json = { engine, ...installed, library: found.library, source: found.source, devices };
  const what = `${title} ${probed.version}${kind === 'gpu' ? ' for GPUs' : ''}`;
  const other = found.library.startsWith(folder) ? '' : `; ${found.source} names another one, which is used instead`;
  const text = `${what} ${already ? 'was there already' : 'is installed'} and loads${gpu}: ${folder}, ${bytes(installed.bytes)}${other}`;
  return { json, text };
}

interface Shown {
  readonly show: (progress: InstallProgress) => void;
  readonly stop: () => void;
}

/** A line for each wheel; on a terminal a bar in MiB under it, for the download and for unpacking. */
async function installProgress(io: Io): Promise<Shown> {
  const bars = { download: await progressBar(io, 'downloading'), unpack: await progressBar(io, 'unpacking') };
  const stop = (): void => {
    for (const bar of Object.values(bars)) bar.stop();
  };
  const mib = (n: number): number => Math.round(n / 2 ** 20);
  let current = '';
  let shown = -1;
  return {
    show({ stage, file, from, done, total }) {
      if (`${stage} ${file}` !== current) {
        stop();
        current = `${stage} ${file}`;
        shown = -1;
        if (stage === 'download') io.err(`${file}, ${bytes(total)}, from ${from}\n`);
      }
      if (mib(done) === shown) return;
      shown = mib(done);
      bars[stage].update(shown, mib(total), 'MiB');
    },
    stop,
  };
}
