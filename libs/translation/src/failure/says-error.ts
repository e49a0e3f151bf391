import type { GatewayError } from '@ccg/kernel';
import { isJsonObject, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { malformedError } from '../encoder/stream-errors.ts';
import { asText } from '../json-fields.ts';
import { inBandFailure } from './upstream-failure.ts';
import type { FailureContext } from './tell-failure.ts';

/**
 * Whether an `error` member says that something failed. Servers whose language has no optional members send an empty one
 * in every healthy answer, or one that says that all is well: neither is an error.
 */
export function saysError(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  if (isText(value)) {
    const text = (asText(value) ?? '').trim();
    return !/^(?:<?nil>?|null|none|undefined)?$/iu.test(text) && !isWell(text);
  }
  if (Array.isArray(value)) return value.some(saysError);
  if (!isJsonObject(value)) return true;
  return !saysWell(value) && Object.values(value).some(saysError);
}

function isWell(text: string): boolean {
  return /^(?:0+|200|(?:(?:the )?(?:request|operation|call|query|response) (?:(?:was|is|has been|has) )?)?(?:ok(?:ay)?|success(?:ful(?:ly)?)?|succeed(?:ed)?|completed|finished|processed|done)(?: successfully| ok)?|no[ _]?error|(?:请求|操作)?成功)[.!。]?$/iu.test(
    text,
  );
}

const codeMembers = ['code', 'status', 'status_code', 'error_code', 'errcode', 'err_code', 'errorCode'];
const textMembers = `message msg detail details errors reason title status_msg error_msg err_msg errmsg errorMessage
  error_message error_description fault faultstring`.split(/\s+/u);

/** Whether its code or its text says that all is well, and nothing of it says otherwise. */
function saysWell(object: JsonObject): boolean {
  const told = [...codeMembers, ...textMembers].map((name) => object[name]);
  const isGood = (value: JsonValue | undefined) => value === 200 || isWell((asText(value) ?? '').trim());
  if (object['success'] === true || object['ok'] === true)
    return told.every((value) => isGood(value) || !saysError(value));
  return told.some(isGood) && told.every((value) => isGood(value) || !saysError(value));
}

/** Whether a document that is no answer says why. */
function hasReason(document: JsonObject): boolean {
  if (saysError(document['error']) || saysError(document['base_resp'])) return true;
  if (textMembers.some((name) => !isTurn(document[name]) && saysError(document[name]))) return true;
  return codeMembers.some((name) => isFailureCode(document[name]));
}

/** Some protocols put a part of the answer in a member that others use for the reason. */
function isTurn(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && ('content' in value || 'role' in value);
}

function isFailureCode(code: JsonValue | undefined): boolean {
  if (typeof code === 'number') return code >= 400;
  return (
    /^(?:[1-9]\d{2,}|.*(?:err|fail|invalid|exceed|limit|denied|unavailable).*)$/iu.test(asText(code) ?? '') &&
    saysError(code)
  );
}

/**
 * Whether a piece of a stream that holds no part of the answer is a failure. Its reason may stand in any of the usual
 * members. A keep-alive may have words of its own.
 */
export function isFailure(piece: JsonObject): boolean {
  return !isKeepAlive(piece) && hasReason(piece);
}

/** Whether it says only that the server is still at work: by its kind, its state, or a code of success without a failure. */
export function isKeepAlive(piece: JsonObject): boolean {
  if (signs.test(asText(piece['type']) ?? '')) return true;
  if (['error', 'base_resp'].some((name) => saysError(piece[name]))) return false;
  if (codeMembers.some((name) => isFailureCode(piece[name]))) return false;
  if (['event', 'kind', 'object'].some((name) => signs.test(asText(piece[name]) ?? ''))) return true;
  if (['state', 'status', 'phase'].some((name) => atWork.test(asText(piece[name]) ?? ''))) return true;
  const texts = textMembers.map((name) => piece[name]).filter((value) => saysError(value));
  return texts.length > 0 && texts.every((value) => isSign((asText(value) ?? '').trim()));
}

const signs = /^(?:ping|pong|heart[-_ ]?beat|keep[-_ ]?alive|status|progress)$/iu;
const atWork =
  /^(?:(?:is |still |request )?(?:running|working|processing|generating|thinking|streaming|loading|waiting|pending|queued|alive|in[-_ ]progress))(?:[ .…]*| on it)$/iu;

/** Whether a text is a sign of life and no reason. */
function isSign(text: string): boolean {
  return signs.test(text) || atWork.test(text);
}

/** Why a document is no answer: what it says itself, or that nobody can read it. */
export function notAnAnswer(document: JsonObject, context: FailureContext): GatewayError {
  return hasReason(document) ? inBandFailure(document, context) : malformedError(context.provider);
}
