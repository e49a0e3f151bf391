import { UpstreamCallError } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';

/**
 * Takes a silence that lasted to its limit, without a byte of the answer, for the refusal of the fields that make
 * some servers hang. The client asks again by itself, and then they are left out.
 */
export function learnFromSilence(
  { target, dependencies }: AttemptContext,
  hangProneFields: readonly string[],
  thrown: unknown,
): void {
  if (!(thrown instanceof UpstreamCallError) || hangProneFields.length === 0) return;
  if (thrown.kind !== 'first-byte-timeout' && thrown.kind !== 'idle-timeout') return;
  dependencies.rejectedParameters.addFields(target, hangProneFields);
}
