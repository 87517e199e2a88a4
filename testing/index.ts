/**
 * For property-testing networks, with vitest or without: fast-check arbitraries of specs, sizes, levels and settings, and
 * properties that hold of every network, as plain async functions that reject with what they found.
 */
export {
  invalidSizes,
  networkShapes,
  networkSpecs,
  nthSizes,
  selections,
  settings,
  validSizes,
} from './arbitraries.js';
export { type BlockShape, type NetworkShape, specText } from './network-shape.js';
export {
  batchIndependent,
  batchTolerance,
  type Case,
  defaultSelection,
  gradientsFinite,
  type Property,
  properties,
  pruningIsExact,
  shapesAgree,
} from './properties.js';
export { referenceEngine } from './reference-engine.js';
export { type Counterexample, type Verification, type Verified, type VerifyOptions, verify } from './verify.js';
