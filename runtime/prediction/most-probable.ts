/** The channel with the highest value at each pixel; the first of equals. */
export function mostProbable(prediction: Float32Array, classes: number): Uint8Array {
  const pixels = prediction.length / classes;
  const labels = new Uint8Array(pixels);
  for (let k = 0; k < pixels; k++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((prediction[c * pixels + k] as number) > (prediction[best * pixels + k] as number)) best = c;
    }
    labels[k] = best;
  }
  return labels;
}
