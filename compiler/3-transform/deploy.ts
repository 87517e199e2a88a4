import type { Graph, Network } from '../ir/graph.js';
import { checked } from '../ir/verify.js';
import { decompose } from './decompose.js';
import { prune, type Selection } from './prune.js';
import { simplify } from './simplify.js';
import { answerAtLevels, type StageSelection } from './stages.js';

/**
 * The inference graph of a level and mode: pruned, simplified, checked; what `optimizeForRuntime` and `quantize` start from. Throws if
 * `checkSelection` would refuse.
 * @param options.keepDropout for a model that is to be trained on elsewhere
 */
export function deploy(network: Network, selection: Selection = {}, options: { keepDropout?: boolean } = {}): Graph {
  const pruned = checked('prune', prune(network, selection));
  return checked('simplify', simplify(checked('decompose', decompose(pruned)), options));
}

/** As `deploy`, for all these levels at once: the graph that `intoStages` cuts. Throws if `checkStages` would refuse. */
export function deployLevels(network: Network, selection: StageSelection): Graph {
  const every = checked('levels', answerAtLevels(network, selection));
  return checked('simplify', simplify(checked('decompose', decompose(every))));
}
