/** So many parts a cluster divides all redis keys into. */
export const slotCount = 16_384;

/** The part of a cluster to which a redis key belongs: that of its hash tag, where it has one. */
export function slotOf(redisKey: string): number {
  const opening = redisKey.indexOf('{');
  const closing = redisKey.indexOf('}', opening + 1);
  const hasTag = opening !== -1 && closing > opening + 1;
  return crc16(Buffer.from(hasTag ? redisKey.slice(opening + 1, closing) : redisKey)) % slotCount;
}

/** CRC-16/XMODEM, as Redis has it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (table[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  return crc;
}

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc & 0xffff;
});
