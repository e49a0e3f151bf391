import type { GatewayError } from '@ccg/kernel';
import { isJsonObject, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { malformedError } from '../encoder/stream-errors.ts';
import { asText } from '../json-fields.ts';
import { inBandFailure } from './upstream-failure.ts';
import type { FailureContext } from './tell-failure.ts';

/**
 * Whether an `error` member says that something failed. Servers whose language has no optional members send an empty one
 * in every healthy answer: a value that holds nothing but empty values is no error.
 */
export function saysError(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  if (isText(value)) return !/^\s*(?:<?nil>?|null|none|undefined)?\s*$/iu.test(asText(value) ?? '');
  if (Array.isArray(value)) return value.some(saysError);
  return isJsonObject(value) ? Object.values(value).some(saysError) : true;
}

/** Whether a document that is no answer says why. */
function hasReason(document: JsonObject): boolean {
  return saysError(document['error']) || reasonMembers.some((name) => saysError(document[name]));
}

/** Where servers put what failed, besides `error`, when a document is nothing but a failure. */
const reasonMembers = [
  'message',
  'detail',
  'details',
  'errors',
  'msg',
  'title',
  'reason',
  'error_msg',
  'error_message',
];

/** Why a document is no answer: what it says itself, or that nobody can read it. */
export function notAnAnswer(document: JsonObject, context: FailureContext): GatewayError {
  return hasReason(document) ? inBandFailure(document, context) : malformedError(context.provider);
}
