import { isMissing } from '../../runtime/engines/native/library.js';
import { locateTensorFlow } from '../../runtime/engines/tensorflow/native/locate.js';

const found = await locateTensorFlow();

/** Whether TensorFlow is on this machine; tests that need it are skipped where it is not, and say why. */
export const installed = !isMissing(found);

export const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';
