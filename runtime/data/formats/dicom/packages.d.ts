// Packages that bring no types of their own.

declare module '@cornerstonejs/codec-charls/decode' {
  const factory: (options: object) => Promise<unknown>;
  export default factory;
}

declare module '@cornerstonejs/codec-openjpeg/decode' {
  const factory: (options: object) => Promise<unknown>;
  export default factory;
}

declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    readonly xDim: number;
    readonly yDim: number;
    readonly numComp: number;
    /** @param numBytes of each sample of the result */
    decode(buffer: ArrayBuffer, offset: number, length: number, numBytes: number): ArrayBufferView;
  }
}
