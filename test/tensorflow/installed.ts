import { isMissing } from '../../runtime/native/library.js';
import { locateTensorFlow } from '../../runtime/tensorflow/native/locate.js';

const found = await locateTensorFlow();

/** Whether TensorFlow is on this machine; tests that need it are skipped where it is not, and say why. */
export const installed = !isMissing(found);

export const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';
