export { type Compute, evaluate, evaluateValues, type Feeds } from './evaluate.js';
export { type Kernel, kernels } from './kernels.js';
export { type Float64Tensor, tensor, zeros } from './tensor.js';
