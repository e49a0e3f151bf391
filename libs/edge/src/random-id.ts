import { randomFillSync } from 'node:crypto';

const bytesPerId = 16;
/** Randomness for many ids is drawn at once: a draw takes as long as making twenty of them. */
const pool = Buffer.alloc(bytesPerId * 256);
let used = pool.length;

/** The prefix and 128 random bits. */
export function randomId(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytesPerId;
  return prefix + pool.toString('hex', used - bytesPerId, used);
}
