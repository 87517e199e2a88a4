export { type Calibration, calibrate } from './calibrate.js';
export { type CalibrationFolder, calibrationImages, openCalibration } from './images.js';
export { type RangeRule, rangeRules } from './range-rules.js';
export { type QuantizedLayer, type QuantizedModel, type QuantizeModelOptions, quantizeModel } from './search.js';
