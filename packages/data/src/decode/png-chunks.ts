import { imageError } from './image-error.ts';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
  readonly interlaced: boolean;
  readonly channels: number;
}

const channelsOf: { readonly [colorType: number]: number } = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depthsOf: { readonly [colorType: number]: readonly number[] } = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Walks the chunks, checks their CRCs and joins the picture data. */
export function readPngChunks(bytes: Uint8Array, source: string): { header: PngHeader; data: Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) {
    throw imageError(source, 'This is not a PNG.', 'Save maps of labels, ids and depth as PNG.');
  }
  let header: PngHeader | undefined;
  const data: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (view.getUint32(end) !== crc32(bytes.subarray(at + 4, end))) {
      throw imageError(source, 'The PNG is damaged (checksum of a chunk).', 'Replace the file.');
    }
    if (type === 0x49484452) header = readHeader(new DataView(bytes.buffer, bytes.byteOffset + at + 8, length), source);
    else if (type === 0x49444154) data.push(bytes.subarray(at + 8, end));
    else if (type === 0x49454e44 && header) return { header, data };
    at = end + 4;
  }
  throw imageError(source, 'The PNG ends too early.', 'Replace the file.');
}

function readHeader(view: DataView, source: string): PngHeader {
  const bitDepth = view.getUint8(8);
  const colorType = view.getUint8(9);
  const channels = channelsOf[colorType];
  if (channels === undefined || !depthsOf[colorType]!.includes(bitDepth) || view.getUint8(12) > 1) {
    throw imageError(source, 'The header of the PNG is not valid.', 'Replace the file.');
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    bitDepth,
    colorType,
    channels,
    interlaced: view.getUint8(12) === 1,
  };
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
