import { isMissing } from '../../runtime/native/library.js';
import { locateOpenVino } from '../../runtime/openvino/native/library.js';

const found = await locateOpenVino();

/** Whether OpenVINO is on this machine; tests that need it are skipped where it is not, and say why. */
export const installed = !isMissing(found);

export const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';
