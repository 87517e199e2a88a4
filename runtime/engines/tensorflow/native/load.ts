import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';
import type { Located } from '../../native/library.js';

export interface LoadedLibrary {
  readonly koffi: typeof import('koffi');
  readonly library: LibraryHandle;
}

/** Loads TensorFlow into this process, for good: it can't be unloaded. @throws Error with the loader's words */
export function loadTensorFlow({ library, preload }: Pick<Located, 'library' | 'preload'>): LoadedLibrary {
  // What TensorFlow prints of its own belongs on nobody's terminal, unless the user asks for it; its errors come back as status.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Not an import: its native part is for one platform, and only this engine needs it.
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  // Global, so that the C API finds its framework half, and TensorFlow CUDA's libraries, whatever LD_LIBRARY_PATH says.
  const handles = [...preload, library].map((path) => koffi.load(path, { global: true }));
  quiet(handles);
  return { koffi, library: handles.at(-1) as LibraryHandle };
}

/**
 * Keeps what TensorFlow logs through Abseil, whatever TF_CPP_MIN_LOG_LEVEL says, from the terminal: a notice of a pass that
 * is off. The function's name holds the release of Abseil that the library was built with; where it is another one, the
 * notice is printed.
 */
function quiet(libraries: readonly LibraryHandle[]): void {
  const error = 2;
  for (const release of ['20230802', '20240116', '20240722', '20250127', '20250512', '20250814']) {
    for (const library of libraries) {
      try {
        const name = `_ZN4absl12lts_${release}14SetMinLogLevelENS0_18LogSeverityAtLeastE`;
        library.func(name, 'void', ['int'])(error);
        return;
      } catch {
        // Not this one.
      }
    }
  }
}
