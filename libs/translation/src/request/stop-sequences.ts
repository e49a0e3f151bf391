import { isEmptyText, isText } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { asList } from '../json-fields.ts';

/** The stop sequences of a request. Empty ones stop nothing, and servers refuse them or stop at once. */
export function readStopSequences({ stop_sequences: sequences }: JsonObject): JsonText[] {
  return asList(sequences)
    .filter(isText)
    .filter((sequence) => !isEmptyText(sequence));
}
