import type { Op } from './op.js';
import { imageInput } from './refusal.js';

/**
 * The Lovász extension of the Jaccard loss (Berman, Rannen Triki and Blaschko, 2018, equation 9 and algorithm 1): for the
 * elements of each image's channel in the order of falling error, by how much the Jaccard loss grows when this one is counted
 * as wrong too. With G elements true in all, i elements so far, c true ones among them, U = G + i - c:
 *
 *     a true element: 1 / U        a false one: (G - c) / (U (U - 1)), or 1 where that is 0 / 0: nothing is true, and it is the first
 *
 * These are the differences of the paper's 1 - (G - c) / U without their cancellation, which would leave single precision two
 * digits on large images. The weights are steps of the errors, so their gradient is 0 wherever there is one.
 */
export const lovaszWeights: Op = {
  doc: 'Weights of the Lovász extension of the Jaccard loss: (errors, labels 0 or 1), both [N, K, ...spatial] -> the same shape, each by the rank of its error within its image and channel.',
  infer(_, inputs) {
    const image = imageInput('lovasz_weights', inputs[0]);
    if ('code' in image) return image;
    return { outputs: [inputs[0]!] };
  },
  gradient: () => [null, null],
};
