/** A dense float tensor, row-major. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Weights and statistics by path, `X[0,1].conv1.weight`. */
export type Weights = ReadonlyMap<string, Tensor>;

/** Everything that training changes, in the flat arenas of a `TrainingPlan`. */
export interface TrainingState {
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
  /** Optimizer slots by name, each as long as `parameters`. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}
