/** A SavedModel's folder: the graph, and beside it what ONNX files carry as their metadata. */
export const savedModelFolder = (
  model: Uint8Array,
  metadata: Readonly<Record<string, string>>,
): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ['saved_model.pb', model],
    ['unetc.json', new TextEncoder().encode(`${JSON.stringify(metadata, null, 2)}\n`)],
  ]);
