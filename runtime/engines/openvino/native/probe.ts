import type { Located } from '../../native/library.js';
import { type Probe, probe } from '../../native/probe.js';

/** Asks OpenVINO in a process of its own for its version and devices, which loads what runs on them. */
export const probeOpenVino = (found: Located): Promise<Probe> => probe(found, { script });

const script = `
  const text = (pointer) => koffi.decode(pointer, 'char', -1);
  const check = (status) => {
    if (status !== 0) throw new Error(library.func('const char *ov_get_last_err_msg()')() || 'status ' + status);
  };
  const about = new BigUint64Array(2);
  check(library.func('int ov_get_openvino_version(void *)')(about));
  const core = new BigUint64Array(1);
  check(library.func('int ov_core_create(void *)')(core));
  const list = new BigUint64Array(2);
  check(library.func('int ov_core_get_available_devices(void *, void *)')(core[0], list));
  const names = new BigUint64Array(Number(list[1]));
  if (names.length > 0) names.set(new BigUint64Array(koffi.view(list[0], 8 * names.length)));
  const devices = [...new Set(Array.from(names, (name) => text(name).replace(/\\..*/, '').toLowerCase()))];
  return { version: text(about[0]).split('-')[0], devices };
`;
