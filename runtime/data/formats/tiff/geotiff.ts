import { decompress } from 'fzstd';
import { addDecoder, BaseDecoder } from 'geotiff';

/** geotiff's own decoder of zstd gives zeros for damaged data without a word; this one throws. */
class Zstd extends BaseDecoder {
  override decodeBlock(buffer: ArrayBufferLike): ArrayBufferLike {
    const decoded = decompress(new Uint8Array(buffer));
    // Of exactly its own length, as the reader takes it.
    return decoded.buffer.byteLength === decoded.byteLength ? decoded.buffer : decoded.slice().buffer;
  }
}
addDecoder(50000, async () => Zstd);

export { GeoTIFF } from 'geotiff';
