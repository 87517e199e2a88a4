import type { Located } from '../../native/library.js';
import { type Probe, probe } from '../../native/probe.js';

/** Asks TensorFlow in a process of its own for its version, and a session for the list of devices. */
export const probeTensorFlow = (found: Located, timeout?: number): Promise<Probe> =>
  probe(found, { script, env: { TF_CPP_MIN_LOG_LEVEL: '3' }, global: true, noise, ...(timeout ? { timeout } : {}) });

/** TensorFlow's information and warnings: `I0000 00:00:…` and `2026-01-31 12:00:00.000000: I …`. */
const noise = /^[IW]\d{4} |^[\d-]+ [\d:.]+: [IW] |^WARNING/;

const script = `
  const version = library.func('const char *TF_Version()')();
  const status = library.func('void *TF_NewStatus()')();
  const session = library.func('void *TF_NewSession(void *, void *, void *)')(
    library.func('void *TF_NewGraph()')(), library.func('void *TF_NewSessionOptions()')(), status);
  if (library.func('int TF_GetCode(void *)')(status) !== 0)
    throw new Error(library.func('const char *TF_Message(void *)')(status));
  const list = library.func('void *TF_SessionListDevices(void *, void *)')(session, status);
  const type = library.func('const char *TF_DeviceListType(void *, int, void *)');
  const count = library.func('int TF_DeviceListCount(void *)')(list);
  const devices = Array.from({ length: count }, (_, k) => type(list, k, status).toLowerCase());
  return { version, devices };
`;
