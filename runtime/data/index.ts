export { type Batch, Batches, type BatchOptions, type BatchRecipe } from './batches.js';
export { type DataFormat, type Dataset, openFolder } from './dataset.js';
export { mapEach } from './each.js';
export { stemOf } from './folder.js';
export { type ImageHeader, type ReadOptions, readImage, readImageHeader, type StoredImage } from './formats/index.js';
export {
  asPicture,
  type Grid,
  type Image,
  makePicture,
  type Orientation,
  printShape,
  type SampleArray,
  volumeOf,
} from './image.js';
export { type DataSource, findSamples, type Patterns, type SampleFiles } from './layouts/index.js';
export { type ListSplit, listSplit } from './list-split.js';
export { type MaskReading, type MaskReport, ruleText } from './masks/index.js';
export { formatNames, type ListedName, parseNames, readList, readNames, resolveNames } from './names.js';
export { type Normalization, normalizationOf, toInput } from './normalize.js';
export { type Mask, type Pair, type Picture, planesOf, printSize, type Size } from './picture.js';
export { type ImageFiles, readHeader, readInput, readPicture } from './read-image.js';
export { resizeMask, resizePicture, resizePlanes } from './resize.js';
export { type Split, type SplitRule, split } from './split.js';
export { targetOf } from './target.js';
