import { known, knownShape } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { listAttr, numberAttr } from '../../ops/attrs.js';
import { resolveTransposeWindow, resolveWindow } from '../../ops/spatial.js';
import { bytesOf } from '../bytes.js';
import { nodeMacs } from '../cost.js';
import { classOf, type WorkClass } from './classes.js';

/**
 * The work of a node, in units that time is proportional to. A quantity never falls when the batch or a size
 * grows, so neither does a predicted time.
 *
 *   NAME.macs     multiply-accumulates, channels filled up to whole vectors
 *   NAME.taps     image elements gathered under the window: what a kernel reads for each panel of output channels, and what
 *                 an engine writes that lays convolutions out as matrices
 *   NAME.edge     multiply-accumulates in columns that touch the border, which kernels do apart
 *   NAME.weights  bytes of weights, which are read whole however small the image is
 *   NAME.far      of these, what caches do not keep until the next run
 *   NAME.bytes    bytes of images read and written
 *   NAME.nodes    1: what starting it costs
 */
export type Quantity = 'macs' | 'taps' | 'edge' | 'weights' | 'far' | 'bytes' | 'nodes';
export type Work = ReadonlyMap<string, number>;

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);
const sizeOf = (v: Value): number => product(v.type.shape.map(known));
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const filled = (n: number, lanes: number): number => Math.ceil(n / lanes) * lanes;

/** Vectors of output channels that kernels compute side by side. */
const panel = 4;

/** @param lanes floats in a vector register. The node must be bound. */
export function workOf(node: Node, lanes: number): Work {
  const kind = classOf(node.op);
  switch (kind) {
    case 'free':
      return new Map();
    case 'conv':
    case 'transpose':
    case 'input_grad':
    case 'filter_grad':
      return productWork(node, kind, lanes);
    case 'move':
      // A slice reads what it keeps, not the arena that it is cut from.
      return memoryWork('move', 2 * sum(node.outputs.map(bytesOf)));
    case 'enlarge':
      return memoryWork((node.attrs.mode ?? 'nearest') === 'nearest' ? 'enlarge' : 'blend', passes(node));
    case 'norm':
      // Fixed statistics are one pass; others are taken from the image first.
      return memoryWork(node.op === 'batchnorm' ? 'scale' : 'norm', passes(node));
    case 'pool':
      return memoryWork(node.op.endsWith('_grad') ? 'pool_grad' : 'pool', passes(node));
    default:
      return memoryWork(kind, passes(node));
  }
}

const passes = (node: Node): number => sum([...node.inputs, ...node.outputs].map(bytesOf));

const memoryWork = (name: string, bytes: number): Work =>
  new Map([
    [`${name}.bytes`, bytes],
    ['small.nodes', 1],
  ]);

function productWork(node: Node, kind: WorkClass, lanes: number): Work {
  const macs = nodeMacs(node);
  const { channels, out, kernel, groups, image, weights } = windowOf(node);
  const rank = kernel.length;
  const name = `${nameOf(kind, product(kernel), groups, rank)}`;
  const wide = filled(out / groups, lanes);
  const inner = channels / groups;
  // Blocked layouts, which are of two dimensions, fill up what is read too; images of a few channels are taken as they are.
  const read = rank !== 2 || inner < lanes ? inner : filled(inner, lanes);
  const positions = macs / (out * inner * product(kernel));
  const taps = positions * read * groups * product(kernel) * Math.ceil(wide / (lanes * panel));
  const width = image[image.length - 1] as number;
  const full = macs * (wide / (out / groups)) * (read / inner);
  return new Map([
    [`${name}.macs`, groups === 1 ? full : macs],
    [`${name}.taps`, taps],
    [`${name}.edge`, (full * ((kernel[rank - 1] as number) - 1)) / width],
    ['conv.weights', weights],
    [`${name}.bytes`, sum([node.inputs[0] as Value, node.outputs[0] as Value].map(bytesOf)) + sideBytes(node)],
    ['conv.nodes', 1],
  ]);
}

/** Convolutions in three dimensions, those without a window and those of one channel each have kernels of their own. */
function nameOf(kind: WorkClass, taps: number, groups: number, rank: number): string {
  if (groups > 1) return 'grouped';
  if (rank > 2) return `${kind}3`;
  return taps === 1 && kind === 'conv' ? 'pointwise' : kind;
}

/** The gradient with respect to weights reads two images, and writes none. */
const sideBytes = (node: Node): number =>
  node.op === 'conv_filter_grad' ? bytesOf(node.inputs[1] as Value) - bytesOf(node.outputs[0] as Value) : 0;

function windowOf(node: Node) {
  const x = knownShape((node.inputs[0] as Value).type.shape);
  const y = knownShape((node.outputs[0] as Value).type.shape);
  const groups = numberAttr(node.attrs, 'groups', 1);
  const rank = node.op === 'conv_filter_grad' ? listAttr(node.attrs, 'shape').length - 2 : x.length - 2;
  const { kernel } =
    node.op === 'conv_transpose' ? resolveTransposeWindow(node.attrs, rank) : resolveWindow(node.attrs, rank);
  const weight = node.op === 'conv_filter_grad' ? (node.outputs[0] as Value) : (node.inputs[1] as Value);
  const other = knownShape((node.inputs[1] as Value).type.shape);
  // Of the gradient by weights: the image it slides over has x's channels, the other those of the convolution's output.
  const out = node.op === 'conv_filter_grad' ? (other[1] as number) : (y[1] as number);
  const image = node.op === 'conv' ? y.slice(2) : x.slice(2);
  return { channels: x[1] as number, out, kernel, groups, image, weights: 4 * sizeOf(weight) };
}
