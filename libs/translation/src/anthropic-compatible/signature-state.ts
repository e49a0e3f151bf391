import { isText, mendSurrogates } from '@ccg/wire';
import type { JsonText, JsonValue } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import { sealTag } from '../translation.ts';
import type { Sealer } from '../translation.ts';

const version = 1;
/** Signatures have some KB. */
const stateMaxBytes = 256 * 1024;

/**
 * Seals the server's own signature of its reasoning, the content of a JSON string literal: Anthropic refuses the
 * signature of anybody else, so it must be told apart in the history. Empty if it is too long to be sent.
 */
export function sealSignature(literal: string, { seal }: Sealer): string {
  const state = `{"v":${version},"signature":"${literal}"}`;
  return state.length <= stateMaxBytes ? seal(state) : '';
}

/** What goes back as the signature of a block: the server's own, or nothing where it is not. */
export function openSignature(sealed: JsonValue | undefined, { open }: Sealer): JsonText {
  const text = asText(sealed) ?? '';
  const state = text.startsWith(sealTag) ? open(text) : undefined;
  const object = state === undefined ? undefined : asObject(tryReadJson(mendSurrogates(state)));
  const signature = object?.['v'] === version ? object['signature'] : undefined;
  return isText(signature) ? signature : '';
}
