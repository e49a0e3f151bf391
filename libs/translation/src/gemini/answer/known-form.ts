import { isJsonObject, RawJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asObject } from '../../json-fields.ts';
import { hasAny, isTextOrNull, isVoid, mayHoldContent } from '../../unread-content.ts';

/**
 * Whether the reader knows the form of a chunk. A part that is dropped unseen can turn what the model wrote, or the
 * command that it runs, into another one.
 */
export function isKnownChunk(chunk: JsonObject): boolean {
  const { candidates, ...rest } = chunk;
  if (!isVoid(candidates) && !(Array.isArray(candidates) && candidates.every(isKnownCandidate))) return false;
  return !mayHoldContent({ ...rest, promptFeedback: undefined });
}

function isKnownCandidate(candidate: JsonValue): boolean {
  if (!isJsonObject(candidate)) return false;
  const { content, ...rest } = candidate;
  if (hasAny(rest, strayNames)) return false;
  if (isVoid(content)) return true;
  if (!isJsonObject(content)) return false;
  const { parts, ...others } = content;
  if (hasAny(others, strayNames)) return false;
  return isVoid(parts) || (Array.isArray(parts) && parts.every(isKnownPart));
}

/** Content under names that Gemini does not use. */
const strayNames = ['text', 'parts', 'content', 'message', 'delta', 'output', 'functionCall', 'functionCalls'];

/** Members of a part that are no part of the answer, or belong to one that is read. */
const others = new Set(['thought', 'thoughtSignature', 'partMetadata', 'videoMetadata', 'mediaResolution']);
/** What the server does for itself. */
const ofServer = new Set(['toolCall', 'toolResponse']);
const known = new Set(['text', 'functionCall', 'executableCode', 'codeExecutionResult', 'inlineData', 'fileData']);

function isKnownPart(part: JsonValue): boolean {
  if (!isJsonObject(part) || !isTextOrNull(part['text']) || !isTextOrNull(part['thoughtSignature'])) return false;
  if (!isVoid(part['functionCall']) && !isKnownCall(part['functionCall'])) return false;
  const isRead = (name: string) => known.has(name) || others.has(name) || ofServer.has(name);
  // A member of an unknown kind may be a part of the answer.
  const isHarmless = (name: string, value: JsonValue | undefined) =>
    isVoid(value) || (typeof value !== 'object' && !mayHoldContent({ [name]: value }));
  return Object.entries(part).every(([name, value]) => isRead(name) || isHarmless(name, value));
}

/** Whether a call of the chunk comes in pieces. */
export function hasCallInPieces({ candidates }: JsonObject): boolean {
  const parts = asList(candidates).flatMap((candidate) =>
    asList(asObject(asObject(candidate)?.['content'])?.['parts']),
  );
  return parts.some((part) => hasAny(asObject(asObject(part)?.['functionCall']) ?? {}, piecesNames));
}

const piecesNames = ['partialArgs', 'willContinue'];

/** A call comes as a whole: in pieces only where that was asked for. */
function isKnownCall(call: JsonValue | undefined): boolean {
  if (!isJsonObject(call)) return false;
  const { name, args, id } = call;
  if (isVoid(name) || !isTextOrNull(name) || !isTextOrNull(id)) return false;
  if (hasAny(call, [...piecesNames, 'arguments', 'input', 'parameters'])) return false;
  if (args instanceof RawJson) return args.source[args.start] === '{';
  return isTextOrNull(args) || isJsonObject(args);
}
