import { concatenated } from '../protobuf.js';
import { graphDef } from './encode.js';
import { emitInference, type InferenceOptions, type TfGraph } from './inference.js';
import type { TfNode } from './node.js';
import { emitTraining, type TfTrainingGraph } from './training.js';

export type { ImageOrder, TfPort } from './emission.js';
export { emitGraphModel, type GraphModel, type GraphModelOptions } from './graph-model.js';
export { encodeSavedModel, type Signatures } from './saved-model.js';
export { reorderedArena } from './weights.js';
export { emitInference, emitTraining, type InferenceOptions, type TfGraph, type TfTrainingGraph };

/** The bytes of a GraphDef, for a session that takes a graph from memory. */
export const encodeGraph = (nodes: readonly TfNode[]): Uint8Array => concatenated(graphDef(nodes), 'GraphDef');
