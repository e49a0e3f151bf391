import type { Rejection, Translation } from '@ccg/translation';
import type { ReadRejection } from './call-target.ts';
import { addsTo, changesFor } from './learned-rejections.ts';

/** A request as it is sent to a target, and what was left out of it because the target rejects it. */
export interface SentRequest {
  readonly rejections: readonly Rejection[];
  readonly translation: Translation;
}

/** A request that was changed after a rejection; what is learned of the change if it helps. */
export interface ChangedRequest {
  readonly sent: SentRequest;
  readonly learned: readonly Rejection[];
}

/**
 * The request without what its target rejected; undefined if nothing can be changed. Some changes leave a request as it was:
 * a schema without constraints has none to leave out. The same request would be refused again, so the next change is made.
 */
export function changedRequest(
  { retry, again }: Pick<ReadRejection, 'retry' | 'again'>,
  before: SentRequest,
  translated: (rejections: readonly Rejection[]) => Translation,
): ChangedRequest | undefined {
  let sent = before;
  for (let changes = changesFor(retry); changes !== undefined && addsTo(sent.rejections, changes.applied);) {
    const { applied, learned } = changes;
    const rejections = [...sent.rejections, ...applied];
    sent = { rejections, translation: translated(rejections) };
    const { request, reader, localAnswer } = sent.translation;
    if (localAnswer !== undefined || !isSame(request.body, before.translation.request.body)) return { sent, learned };
    changes = again === undefined ? undefined : changesFor(again(reader));
  }
  return undefined;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
