import { type DeployRuntime, deployRuntimes } from '../../compiler/index.js';
import { UsageError } from '../errors.js';
import { macs } from '../render/numbers.js';
import type { BuildOptions, Built } from './targets.js';

/** The runtime of `--for`, by default ONNX Runtime. @throws UsageError for one that there isn't, or with a target that it says nothing about */
export function runtimeOf({ for: given, target = 'onnx' }: BuildOptions): DeployRuntime {
  if (given === undefined) return 'ort';
  if (target !== 'onnx')
    throw new UsageError(
      `--for has no meaning for --target ${target}`,
      'it says what an ONNX model is to be fast in: use --target onnx',
    );
  const found = deployRuntimes.find((name) => name === given);
  if (!found)
    throw new UsageError(
      `there is no runtime ${given} to build for`,
      `use --for ${deployRuntimes.slice(0, -1).join(', ')} or ${deployRuntimes.at(-1)}`,
    );
  return found;
}

/** What is said of a model that was written for a runtime: how much it multiplies, where that is less than the network does. */
export function finishing(runtime: DeployRuntime, network: number, executed: number): NonNullable<Built['more']> {
  const json = { for: runtime, executedMacs: executed };
  if (executed >= network) return { json, lines: [] };
  const less = Math.round(100 * (1 - executed / network));
  return {
    json,
    lines: [
      `  executes    ${macs(executed)}, ${less} % less: convolutions read what they would have upsampled (--for ${runtime})`,
    ],
  };
}
