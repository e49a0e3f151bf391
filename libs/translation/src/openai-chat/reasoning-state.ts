import { isJsonObject, mendSurrogates, writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { asList, asObject, asText, tryReadJson } from '../json-fields.ts';

/** The member that a piece of reasoning came in; `content` is a part or a tag inside the answer's text. */
export type ReasoningOrigin = 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'content';

/** A piece of visible reasoning: the content of a JSON string literal, and the member that it came in. */
export interface ReasoningPiece {
  readonly literal: string;
  readonly origin: ReasoningOrigin;
}

/** The state of one run of reasoning that goes back to its backend. */
export interface ReasoningState {
  readonly origin: ReasoningOrigin;
  /** OpenRouter's `reasoning_details` of this run, merged; empty for other origins. */
  readonly details: readonly JsonObject[];
}

const version = 1;
const origins: readonly ReasoningOrigin[] = ['reasoning_content', 'reasoning', 'reasoning_details', 'content'];

/** The state as a byte string, for sealing. */
export function writeReasoningState({ origin, details }: ReasoningState): string {
  return writeJson({ v: version, origin, details: details.length === 0 ? undefined : [...details] });
}

/**
 * Reads an opened state; texts in `details` are not decoded. Undefined for an unknown format: a later version of the
 * gateway may have written it.
 */
export function readReasoningState(state: string): ReasoningState | undefined {
  const object = asObject(tryReadJson(mendSurrogates(state)));
  const origin = toReasoningOrigin(asText(object?.['origin']));
  if (object?.['v'] !== version || origin === undefined) return undefined;
  return { origin, details: asList(object['details']).filter(isJsonObject) };
}

export function toReasoningOrigin(text: string | undefined): ReasoningOrigin | undefined {
  return origins.find((origin) => origin === text);
}
