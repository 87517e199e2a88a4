import { UserError } from '../../compiler/user-error.js';
import type { ImageHeader, StoredImage } from './formats/index.js';
import { type Image, type SampleArray, samplesLike, volumeOf } from './image.js';

/** How the channels of a file become those of a network. */
type Rule = 'as they are' | 'without alpha' | 'luminance' | 'repeated';

/** The rule for so many channels; null where there is none. */
function ruleOf(header: ImageHeader, wanted: number): Rule | null {
  const { alpha, photometric } = header;
  const all = photometric === 'palette' ? header.channels + 2 : header.channels;
  const colours = alpha ? all - 1 : all;
  if (wanted === colours) return alpha ? 'without alpha' : 'as they are';
  if (wanted === all) return 'as they are';
  if (wanted === 3 && colours === 1) return 'repeated';
  return wanted === 1 && colours === 3 && photometric !== 'black-is-zero' ? 'luminance' : null;
}

/**
 * Whether a file can feed a network of so many channels, told by its header.
 * @throws UserError naming both numbers
 */
export function checkChannels(file: string, header: ImageHeader, wanted: number): void {
  if (ruleOf(header, wanted) !== null) return;
  const all = header.photometric === 'palette' ? 3 : header.channels;
  const has = `${all} ${all === 1 ? 'channel' : 'channels'}${header.alpha ? ', one of them alpha' : ''}`;
  throw new UserError(
    'image-channels',
    `${file} has ${has}, but the network takes ${wanted}`,
    `declare the input with ${header.alpha ? all - 1 : all} channels, or convert the images`,
  );
}

/**
 * An image with the channels a network takes: its own; without alpha; 1 of a colour picture (luminance by ITU-R BT.601,
 * as Pillow's "L"); or 3 of a grey one (repeated). Palettes become colours, inverted greys are turned, and samples of
 * 1, 2 and 4 bits are stretched over 0 to 255: what a viewer shows.
 *
 * @throws UserError as `checkChannels`
 */
export function withChannels(file: string, stored: StoredImage, wanted: number): Image {
  checkChannels(file, stored.header, wanted);
  const shown = shownSamples(stored);
  const rule = ruleOf(stored.header, wanted);
  const volume = volumeOf(stored.shape);
  let { data } = shown;
  if (rule === 'without alpha') data = data.slice(0, wanted * volume) as SampleArray;
  else if (rule === 'luminance') data = luminance(data, volume);
  else if (rule === 'repeated') {
    const one = data;
    data = samplesLike(one, 3 * volume);
    for (let c = 0; c < 3; c++) data.set(one.subarray(0, volume) as never, c * volume);
  }
  const { spacing, orientation } = stored;
  return {
    channels: wanted,
    shape: stored.shape,
    data,
    range: shown.range,
    ...(spacing ? { spacing } : {}),
    ...(orientation ? { orientation } : {}),
  };
}

function shownSamples(stored: StoredImage): Pick<Image, 'data' | 'range'> {
  const { header, data, range } = stored;
  if (header.photometric === 'palette' && header.palette) return coloured(data, header.palette);
  const inverted = header.photometric === 'white-is-zero';
  const few = data instanceof Uint8Array && range[1] < 255;
  if (!inverted && !few) return { data, range };
  const scale = few ? 255 / range[1] : 1;
  const out = samplesLike(data, data.length);
  // Floats of no fixed range are mirrored about the middle of theirs, as integers are.
  for (let i = 0; i < out.length; i++) out[i] = (inverted ? range[0] + range[1] - data[i]! : data[i]!) * scale;
  return { data: out, range: few ? [0, 255] : range };
}

function coloured(indices: SampleArray, palette: Uint16Array): Pick<Image, 'data' | 'range'> {
  const data = new Uint8Array(3 * indices.length);
  for (let c = 0; c < 3; c++) {
    for (let p = 0; p < indices.length; p++) data[c * indices.length + p] = (palette[3 * indices[p]! + c] ?? 0) >> 8;
  }
  return { data, range: [0, 255] };
}

function luminance(data: SampleArray, volume: number): SampleArray {
  const out = samplesLike(data, volume);
  const floats = data instanceof Float32Array;
  for (let p = 0; p < volume; p++) {
    // Weights of sum 2^16, so that a grey pixel stays what it is; the sum of 16-bit samples needs all 32 bits.
    const sum = data[p]! * 19595 + data[volume + p]! * 38470 + data[2 * volume + p]! * 7471;
    out[p] = floats ? sum / 65536 : Math.floor((sum + 32768) / 65536);
  }
  return out;
}
