import type { Artifact, BuildReport, Port } from '../../compiler/index.js';
import { adaptiveLines } from './adaptive.js';
import { halfLines } from './half.js';
import { bytes, count, macs, sizeText } from './numbers.js';
import { quantizationLines } from './quantization.js';

/** Members of the JSON document that only some artefacts have. */
export const reportJson = ({ runtime, executedMacs, adaptive, half, quantize }: BuildReport) => ({
  ...(runtime === undefined ? {} : { for: runtime, executedMacs }),
  ...(adaptive === undefined ? {} : { adaptive }),
  ...(half === undefined ? {} : { half }),
  ...(quantize === undefined ? {} : { quantize }),
});

/** What `build` says of what it wrote to `out`. */
export function buildText(out: string, artifact: Artifact, size: number, milliseconds: number): string {
  const { report, parameters, macsAt, nodes } = artifact;
  return [
    `${out}: ${report.what}, ${bytes(size)}`,
    `  inputs      ${artifact.inputs.map(portText).join(', ')}`,
    `  outputs     ${artifact.outputs.map(portText).join(', ')}`,
    `  parameters  ${count(parameters)}, ${report.weights}`,
    `  macs        ${macs(artifact.macs)} at ${sizeText(macsAt)}; ${nodes} nodes`,
    ...executedLines(artifact),
    ...(report.adaptive ? adaptiveLines(report.adaptive) : []),
    ...(report.half ? halfLines(report.half, size) : []),
    ...(report.quantize ? quantizationLines(report.quantize) : []),
    `  built in ${milliseconds} ms`,
  ].join('\n');
}

/** How much a model executes, where passes for its runtime saved some of what the network does. */
function executedLines({ macs: network, report: { executedMacs, runtime } }: Artifact): string[] {
  if (executedMacs === undefined || executedMacs >= network) return [];
  const less = Math.round(100 * (1 - executedMacs / network));
  return [
    `  executes    ${macs(executedMacs)}, ${less} % less: convolutions read what they would have upsampled (--for ${runtime})`,
  ];
}

const portText = ({ name, shape }: Port): string => `${name} [${shape.join(', ')}]`;
