import { isMissing } from '../../runtime/engines/native/library.js';
import { locateOpenVino } from '../../runtime/engines/openvino/native/library.js';

const found = await locateOpenVino();

/** Whether OpenVINO is on this machine; tests that need it are skipped where it is not, and say why. */
export const installed = !isMissing(found);

export const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';
