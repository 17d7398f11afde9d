/** Width and height as a picture file's header states them, before orientation. */
export interface SniffedSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the size out of the header of a PNG, JPEG, GIF, BMP or WebP file, so that a picture that is too large is refused before it is
 * decoded. Null for other or damaged files: the decoder will say what they are.
 */
export function sniffSize(bytes: Uint8Array): SniffedSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (hasTag(bytes, 0, '\x89PNG')) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (hasTag(bytes, 0, 'GIF8')) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (hasTag(bytes, 0, 'BM')) {
      return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
    }
    if (hasTag(bytes, 0, 'RIFF') && hasTag(bytes, 8, 'WEBP')) return sniffWebp(bytes, view);
    if (hasTag(bytes, 0, '\xff\xd8')) return sniffJpeg(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

function hasTag(bytes: Uint8Array, at: number, tag: string): boolean {
  for (let i = 0; i < tag.length; i++) if (bytes[at + i] !== tag.charCodeAt(i)) return false;
  return true;
}

/** Walks the segments to the frame header, SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC). */
function sniffJpeg(view: DataView): SniffedSize | null {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    // Image data or its end before any frame.
    if (marker === 0xda || marker === 0xd9) return null;
    const length = view.getUint16(at + 2);
    if (length < 2) return null;
    at += 2 + length;
  }
}

/** Lossy (VP8), lossless (VP8L) and extended (VP8X) headers (RFC 9649). */
function sniffWebp(bytes: Uint8Array, view: DataView): SniffedSize | null {
  if (hasTag(bytes, 12, 'VP8X')) {
    const sizeAt = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65536 + 1;
    return { width: sizeAt(24), height: sizeAt(27) };
  }
  if (hasTag(bytes, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (hasTag(bytes, 12, 'VP8 ')) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  return null;
}
