import type { Located, Missing, NativeLibrary } from './native/library.js';
import type { LocateOptions } from './native/locate.js';
import type { Probe } from './native/probe.js';
import { locateOpenVino, openVinoLibrary } from './openvino/native/library.js';
import { probeOpenVino } from './openvino/native/probe.js';
import { tensorFlowLibrary } from './tensorflow/native/library.js';
import { locateTensorFlow } from './tensorflow/native/locate.js';
import { probeTensorFlow } from './tensorflow/native/probe.js';

/** An engine whose library npm does not bring, and unetc can. */
export interface NativeEngine {
  readonly library: NativeLibrary;
  /** Without loading it. */
  locate(options?: LocateOptions): Promise<Located | Missing>;
  /** Loads it, in a process of its own. */
  probe(found: Located): Promise<Probe>;
}

export const nativeEngines: readonly NativeEngine[] = [
  { library: tensorFlowLibrary, locate: locateTensorFlow, probe: probeTensorFlow },
  { library: openVinoLibrary, locate: locateOpenVino, probe: probeOpenVino },
];
