import { UserError } from '../../../compiler/user-error.js';
import type { EngineEntry } from '../entry.js';
import { availableDevices } from '../status.js';
import { locateOpenVino, openVinoLibrary } from './native/library.js';
import { probeOpenVino } from './native/probe.js';

export const openVinoEntry: EngineEntry = {
  name: 'openvino',
  aliases: [],
  record: 'openvino',
  title: 'OpenVINO',
  trains: false,
  opensOnnx: true,
  devices: ['cpu', 'gpu'],
  precisions: ['fp32', 'bf16'],
  deployRuntime: (device) => (device === 'cpu' ? 'openvino' : 'plain'),
  native: { library: openVinoLibrary, locate: locateOpenVino, probe: probeOpenVino },
  /** Where it is installed, on a CPU that multiplies in bf16 and int8 itself: there it was the quickest (docs/measurements.md). */
  async preference(_, { device, cpu }) {
    if (device === 'gpu') return 0;
    const { hasLowPrecisionUnits, readCpu } = await import('../../support/cpu.js');
    if (!hasLowPrecisionUnits(cpu ?? (await readCpu()))) return 0;
    return 'missing' in (await locateOpenVino()) ? 0 : 2;
  },
  async open({ device, precision }) {
    const { openvino } = await import('./index.js');
    const devices = await availableDevices('openvino', openvino());
    if (device === 'gpu' && !devices.includes('gpu')) {
      throw new UserError(
        'device-missing',
        'OpenVINO finds no GPU of Intel on this machine',
        "use --device cpu; 'unetc doctor' says what is found",
      );
    }
    // On the CPU unless told: an integrated GPU is not always the quicker one.
    const chosen = device ?? 'cpu';
    const { openVino, requirePrecision } = await import('./core.js');
    requirePrecision(await openVino(), chosen, precision);
    return openvino({ device: chosen, precision });
  },
};
