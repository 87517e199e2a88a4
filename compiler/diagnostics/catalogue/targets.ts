import type { Page } from '../page.js';

/** What writing a network for a runtime of limited vocabulary answers. */
export const targetPages = {
  'not-in-target': {
    severity: 'error',
    title: 'an operator that the target cannot say',
    what: 'The network is right, but the format it is to be written in has nothing that computes this operator with these arguments, to the last digits.',
    why: 'Something close to it would answer with other masks than the network that was trained.',
    fix: 'Build for another target, or write the operator as the message says.',
    example:
      'x |> upsample(2, mode: linear, align_corners: true)    // tfjs-layers: with --size alone\nx |> upsample(2, mode: linear)                         // of any size',
  },
  'not-trainable-in-target': {
    severity: 'warning',
    title: 'an operator that the target cannot train',
    what: 'The model answers as it should, but the runtime it is written for has no gradient for this operator.',
    why: 'Training it further there will stop with an error.',
    fix: 'Train with unetc and build the trained model, or use another operator.',
  },
} as const satisfies Readonly<Record<string, Page>>;
