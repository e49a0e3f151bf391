import { isJsonObject, isText, mendSurrogates, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { asList, asObject, asText, tryReadJson } from '../json-fields.ts';

/** What a run of reasoning leaves for the next request. */
export type ReasoningDetail =
  /** The encrypted content of one item. */
  | { readonly kind: 'reasoning'; readonly encrypted: JsonText }
  /** The label of the message that follows. */
  | { readonly kind: 'phase'; readonly phase: string };

const version = 1;
const origin = 'responses';

/** Details as records of the encoder. */
export function reasoningRecord(encrypted: JsonText): JsonObject {
  return { encrypted };
}

export function phaseRecord(phase: string): JsonObject {
  return { phase };
}

/** The state as a byte string, for sealing. */
export function writeReasoningState(records: readonly JsonObject[]): string {
  return writeJson({ v: version, origin, items: [...records] });
}

/** Reads an opened state, in order. Empty for any other format: another dialect or a later gateway may have written it. */
export function readReasoningState(state: string): readonly ReasoningDetail[] {
  const object = asObject(tryReadJson(mendSurrogates(state)));
  if (object?.['v'] !== version || asText(object['origin']) !== origin) return [];
  return asList(object['items']).filter(isJsonObject).flatMap(readRecord);
}

function readRecord({ encrypted, phase }: JsonObject): ReasoningDetail[] {
  if (isText(encrypted)) return [{ kind: 'reasoning', encrypted }];
  const label = asText(phase);
  return label === undefined ? [] : [{ kind: 'phase', phase: label }];
}
