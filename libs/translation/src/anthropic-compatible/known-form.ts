import { isJsonObject } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asCount, asList, asText } from '../json-fields.ts';
import { isKeepAlive } from '../failure/says-error.ts';
import { isTextOrNull, isVoid, mayHoldContent } from '../unread-content.ts';

/** The member that holds the text of a delta, by the delta's type. */
const textOfDelta: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
};

/**
 * Tells the events whose form is known. Whatever may be a part of the answer and has another form ends the answer: a
 * part that is dropped unseen can turn what the model wrote, or the command that it runs, into another one.
 */
export function createFormCheck(): (event: JsonObject) => boolean {
  /** The indices of the blocks that have begun. */
  const begun = new Set<number>();

  return (event) => {
    const type = asText(event['type']);
    const index = asCount(event['index']);
    switch (type) {
      case 'message_start':
        return !mayHoldContent(event);
      case 'content_block_start': {
        const { content_block: block } = event;
        if (!isKnownBlock(block)) return false;
        if (index !== undefined) begun.add(index);
        return true;
      }
      case 'content_block_delta': {
        const hasStart = index === undefined || begun.has(index);
        return isKnownDelta(event['delta']) && (hasStart || !mayHoldContent(event));
      }
      case 'message_delta':
        return isVoid(event['delta']) || isJsonObject(event['delta']);
      case 'message_stop':
        return isVoid(event['message']) || (isJsonObject(event['message']) && isKnownMessage(event['message']));
      case 'message':
        return isKnownMessage(event);
      case 'content_block_stop': {
        const { content_block: block, ...rest } = event;
        return (isVoid(block) || isKnownBlock(block)) && !mayHoldContent(rest);
      }
      case 'ping':
      case 'error':
        return true;
      case undefined:
      default:
        return isKeepAlive(event) || !mayHoldContent(event);
    }
  };
}

/** Whether an event has a type that the protocol has, or is a message. */
export function isNamed(event: JsonObject): boolean {
  const type = asText(event['type']) ?? '';
  return type === 'error' || type === 'message' || /^(?:message|content_block)_/u.test(type) || 'content' in event;
}

/** Whether a whole message can be read: a list of blocks, or a text. */
export function isKnownMessage({ content }: JsonObject): boolean {
  if (isTextOrNull(content)) return true;
  return Array.isArray(content) && asList(content).every(isKnownBlock);
}

function typeOf(block: JsonValue | undefined): string {
  return (isJsonObject(block) ? asText(block['type']) : undefined) ?? '';
}

function isKnownBlock(block: JsonValue | undefined): boolean {
  if (!isJsonObject(block)) return false;
  switch (typeOf(block)) {
    case 'text':
      return isTextOrNull(block['text']);
    case 'thinking':
      return isTextOrNull(block['thinking']);
    case 'redacted_thinking':
      return isTextOrNull(block['data']);
    case 'tool_use':
      return isTextOrNull(block['name']) && (isVoid(block['input']) || isJsonObject(block['input']));
    default:
      return isToolOfServer(typeOf(block)) || !mayHoldContent(block);
  }
}

/** A tool that the server itself runs, and its result. */
function isToolOfServer(type: string): boolean {
  return /^(?:server|mcp)_tool_use$|_tool_result$/u.test(type);
}

function isKnownDelta(delta: JsonValue | undefined): boolean {
  if (!isJsonObject(delta)) return false;
  const type = asText(delta['type']) ?? '';
  if (type === 'citations_delta') return true;
  const name = Object.hasOwn(textOfDelta, type) ? textOfDelta[type] : undefined;
  return name === undefined ? false : name in delta && isTextOrNull(delta[name]);
}
