/** What an image costs whose size is not known: one that is given by URL, for example. */
export const unknownImageTokens = 1000;
const imageMaxTokens = 1600;
const pixelsPerToken = 750;

/** Enough for every header but that of a JPEG with a large preview in it. */
const headLength = 1024;
const jpegHeadLength = 512 * 1024;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The tokens of an image by the width and height in its own header: PNG, JPEG, GIF or WebP. */
export function imageTokens(base64: string): number {
  const size = readSize(decode(base64, headLength)) ?? readSize(decode(base64, jpegHeadLength));
  if (size === undefined || size.width === 0 || size.height === 0) return unknownImageTokens;
  return Math.min(imageMaxTokens, Math.ceil((size.width * size.height) / pixelsPerToken));
}

function decode(base64: string, maxLength: number): Buffer {
  return Buffer.from(base64.slice(0, maxLength), 'base64');
}

function readSize(bytes: Buffer): Size | undefined {
  if (bytes.length < 30) return undefined;
  const magic = bytes.toString('latin1', 0, 4);
  if (magic === '\u0089PNG') return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (magic === 'GIF8') return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (magic === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return readWebpSize(bytes);
  return bytes.readUInt16BE(0) === 0xffd8 ? readJpegSize(bytes) : undefined;
}

/** Lossy, lossless and extended WebP each keep their size elsewhere. */
function readWebpSize(bytes: Buffer): Size | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** Walks the segments of a JPEG to its frame header; undefined when that comes later than `bytes` reach. */
function readJpegSize(bytes: Buffer): Size | undefined {
  let at = 2;
  while (at + 9 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (isFrameHeader(marker)) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

function isFrameHeader(marker: number): boolean {
  const isTable = marker === 0xc4 || marker === 0xc8 || marker === 0xcc;
  return marker >= 0xc0 && marker <= 0xcf && !isTable;
}
