/**
 * Operators of a network that answers: those that unetc writes, and those that PyTorch's, TensorFlow's and Keras's exporters write for
 * networks that turn an image into maps. Each is a function of its inputs: none draws random numbers, holds lists, text or optional
 * values, or repeats a graph. `If` is here, whose two branches are checked like the graph.
 */
export const onnxOperators: ReadonlySet<string> = new Set(
  `
  Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift Cast CastLike Ceil Celu Clip Concat Constant
  ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu
  Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
  GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LayerNormalization
  LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool LRN MatMul MatMulInteger Max MaxPool MaxUnpool Mean MeanVarianceNormalization
  Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization Range Reciprocal ReduceL1
  ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round
  ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub
  Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor
  `
    .trim()
    .split(/\s+/),
);

/** ONNX Runtime's own that `unetc build --for ort` writes. */
export const runtimeOperators: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['com.microsoft', new Set(['FusedMatMul'])],
  ['com.microsoft.nchwc', new Set(['ReorderInput', 'ReorderOutput', 'Conv'])],
]);

/** Two names for ONNX's own operators. */
export const isOnnxDomain = (domain: string): boolean => domain === '' || domain === 'ai.onnx';
