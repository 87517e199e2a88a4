import type { Loaded } from '../index.js';
import { buildAdaptive } from './adaptive.js';
import type { Artifact } from './artifact.js';
import { buildFolder, buildOnnx, buildQuantized } from './model.js';
import type { BuildOptions } from './options.js';
import { requireNetwork } from './require-network.js';
import { buildStep } from './step.js';

/** `build` of compiler/index.ts, with all that it loads. */
export function buildArtifact(spec: Loaded, options: BuildOptions): Artifact {
  const good = requireNetwork(spec);
  switch (options.target) {
    case 'onnx':
      if (options.quantized !== undefined) return buildQuantized(good, options);
      return options.thresholds === undefined ? buildOnnx(good, options) : buildAdaptive(good, options);
    case 'onnx-train':
    case 'tf-train':
      return buildStep(good, options);
    case 'tf':
    case 'tfjs':
    case 'tfjs-layers':
      return buildFolder(good, options);
  }
}
