import type { Image, Orientation, SampleArray } from '../image.js';
import type { Source } from './source.js';

/** Types of samples as files hold them. */
export type SampleType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64';

export type FormatName =
  | 'png'
  | 'jpeg'
  | 'webp'
  | 'avif'
  | 'gif'
  | 'jp2'
  | 'jxl'
  | 'svg'
  | 'other'
  | 'tiff'
  | 'nifti'
  | 'nrrd'
  | 'metaimage'
  | 'dicom';

/** What the samples of a file stand for; `white-is-zero`: 0 is white, as in a TIFF's inverted grey. */
export type Photometric = 'black-is-zero' | 'white-is-zero' | 'rgb' | 'palette';

/** What a file's header says, without any pixel decoded. */
export interface ImageHeader {
  readonly format: FormatName;
  /** All of them, alpha included. */
  readonly channels: number;
  /** Spatial lengths, slowest first. */
  readonly shape: readonly number[];
  /** In the file, before any rescaling. */
  readonly type: SampleType;
  /** Bits that a sample has in the file, 1 to 64. */
  readonly bits: number;
  readonly photometric: Photometric;
  /** The last channel is alpha. */
  readonly alpha: boolean;
  /** Compression changes values, as JPEG's does. */
  readonly lossy: boolean;
  /** Stored samples become values by `sample * slope + intercept`, as in NIfTI and DICOM; absent where they are values. */
  readonly rescale?: { readonly slope: number; readonly intercept: number };
  readonly spacing?: readonly number[];
  readonly orientation?: Orientation;
  /** EXIF's 2 to 8 where the picture says that it is to be turned or mirrored; its samples here are not. */
  readonly exif?: number;
  /** Red, green, blue of each entry of a TIFF's palette, 16 bits each: what the one channel's samples are indices of. */
  readonly palette?: Uint16Array;
}

/** An image as its file holds it: not turned, not inverted, no palette applied, alpha kept. */
export interface StoredImage<T extends SampleArray = SampleArray> extends Image<T> {
  readonly header: ImageHeader;
}

/** A box of an image: where it starts and how far it goes along each spatial axis, slowest first. */
export interface Region {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** Answers to what a file leaves open. */
export interface ReadOptions {
  /** What the pages of a TIFF are that does not say; without it such a file is refused. */
  readonly pages?: 'depth' | 'channels';
  /** Which of a NIfTI's two placements holds where they differ; without it such a file is refused. */
  readonly placement?: 'sform' | 'qform';
}

/** A kind of file. Each reads the header without the pixels, and a region without the rest where the file allows it. */
export interface Format {
  readonly name: string;
  /** Ends of file names, lower case, with their dots: `.nii.gz`. */
  readonly extensions: readonly string[];
  /** Whether a file is of this kind, by its first 1 KiB (decompressed, if it was a gzip) and its name. */
  sniff(head: Uint8Array, name: string): boolean;
  header(source: Source, options: ReadOptions): Promise<ImageHeader>;
  read(source: Source, options: ReadOptions, region?: Region): Promise<StoredImage>;
}
