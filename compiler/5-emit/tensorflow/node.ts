/** Element types, by TensorFlow's numbers (tensorflow/core/framework/types.proto). */
export const elementType = { float: 1, int32: 3, int64: 9, bool: 10, bfloat16: 14, resource: 20 } as const;

export type TfType = keyof typeof elementType;

/** A node's output: `name`, or `name:1` for a later one. */
export interface TfTensor {
  readonly name: string;
  readonly type: TfType;
}

/** A constant: `raw` holds its elements little-endian; `splat` says that one element stands for all. */
export interface TfConstant {
  readonly type: TfType;
  readonly dims: readonly number[];
  readonly raw: Uint8Array;
  readonly splat?: boolean;
}

/** A shape: -1 where a size is open. */
export type TfShape = readonly number[];

/** A node's attribute, one key each, as TensorFlow's AttrValue has it. */
export type TfAttr =
  | { readonly type: TfType }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly bool: boolean }
  | { readonly shape: TfShape }
  | { readonly constant: TfConstant };

export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Outputs of earlier nodes; `^name` only waits for a node. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, TfAttr>>;
}
