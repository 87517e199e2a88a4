export type { BuildHooks } from './hooks.js';
export { buildInt8, type Int8Options } from './int8.js';
export { calibrateThresholds, type ThresholdOptions } from './thresholds.js';
