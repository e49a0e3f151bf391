import { mendSurrogates, writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { ReasoningRun } from '../encoder/encoder-state.ts';
import { asList, asObject, asText, tryReadJson } from '../json-fields.ts';
import type { Sealer } from '../translation.ts';

/** A signature that came with a part that is no call. */
export interface ThoughtSignature {
  /** Whether the part was reasoning or text. */
  readonly part: 'thought' | 'text';
  readonly signature: string;
}

const version = 1;

/** The record of a signature that the encoder keeps with a run of reasoning. */
export function signatureRecord({ part, signature }: ThoughtSignature): JsonObject {
  return { part, signature };
}

/** The signatures of a run of reasoning, sealed, so that they can go back to the backend; empty if there are none. */
export function signThoughts({ details }: ReasoningRun, sealer: Sealer): string {
  return details.length === 0 ? '' : sealer.seal(writeJson({ v: version, signatures: [...details] }));
}

/** The signatures in the sealed state of a block. None for any other state. */
export function openThoughts(sealed: string, sealer: Sealer): readonly ThoughtSignature[] {
  const state = sealer.open(sealed);
  const object = state === undefined ? undefined : asObject(tryReadJson(mendSurrogates(state)));
  if (object?.['v'] !== version) return [];
  return asList(object['signatures']).flatMap((value) => {
    const record = asObject(value);
    const part = asText(record?.['part']);
    const signature = asText(record?.['signature']);
    return signature !== undefined && (part === 'thought' || part === 'text') ? [{ part, signature }] : [];
  });
}
