import { GatewayError } from '@ccg/kernel';

/** The bytes of request bodies that this process holds, with a bound for all of them together. */
export interface BodyMemory {
  /** Begins the account of one body. */
  open(): BodyAccount;
  heldBytes(this: void): number;
}

/** What is held of one body. */
export interface BodyAccount {
  /** @throws GatewayError `body-memory-full` where so many more bytes have no room. Takes none of it. */
  expect(bytes: number): void;
  /** Counts bytes that were read. @throws GatewayError `body-memory-full` where they have no room; then none count. */
  take(bytes: number): void;
  /** Counts nothing of the body any more. A second call changes nothing. */
  release(this: void): void;
}

const retryAfterSeconds = 5;

/**
 * Bounds the bodies of a process. Bytes count while they are held, so a client that announces a large body and sends it
 * slowly takes no room from others.
 */
export function createBodyMemory(maxBytes: number): BodyMemory {
  let held = 0;
  return {
    heldBytes: () => held,
    open() {
      let taken = 0;
      let isReleased = false;
      const expect = (bytes: number) => {
        if (held + bytes > maxBytes) throw memoryFull();
      };
      return {
        expect,
        take(bytes) {
          // A chunk can come after the request has ended.
          if (isReleased) return;
          expect(bytes);
          taken += bytes;
          held += bytes;
        },
        release() {
          isReleased = true;
          held -= taken;
          taken = 0;
        },
      };
    },
  };
}

function memoryFull(): GatewayError {
  const message = `This gateway holds as many request bodies as it may. Try again in ${retryAfterSeconds} s.`;
  return new GatewayError('body-memory-full', message, { retryAfterSeconds });
}
