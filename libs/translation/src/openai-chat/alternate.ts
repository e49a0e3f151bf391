import { isJsonObject, isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asList } from '../json-fields.ts';

/**
 * The same messages with user and assistant taking turns, as the chat templates of Mistral demand. Neighbours of one
 * role become one message; what the user says after results of tools is told with the last of them.
 */
export function alternate(messages: readonly JsonObject[]): JsonObject[] {
  const told: JsonObject[] = [];
  for (const message of messages) {
    const last = told.at(-1);
    if (message['role'] === 'assistant' && (last === undefined || isInstruction(last))) told.push(opening);
    if (last === undefined) told.push(message);
    else if (last['role'] === 'tool' && message['role'] === 'user') told.push(...afterResults(told, last, message));
    else if (isSameTurn(last, message)) told[told.length - 1] = { ...last, content: joined(last, message) };
    else told.push(message);
  }
  return told;
}

const opening: JsonObject = { role: 'user', content: '(The conversation goes on.)' };
/** Images cannot be told in a result; this stands for the turn that the assistant did not take. */
const bridge: JsonObject = { role: 'assistant', content: '(I look at it.)' };

function afterResults(told: JsonObject[], last: JsonObject, message: JsonObject): JsonObject[] {
  const [result, said] = [textOf(last['content']), textOf(message['content'])];
  if (result === undefined || said === undefined) return [bridge, message];
  told[told.length - 1] = { ...last, content: joinTexts([result, said], '\n\n') };
  return [];
}

function isSameTurn(last: JsonObject, next: JsonObject): boolean {
  return last['role'] === next['role'] && next['role'] !== 'tool' && last['tool_calls'] === undefined;
}

function isInstruction({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer';
}

function joined(last: JsonObject, next: JsonObject): JsonText | JsonArray {
  const [before, after] = [textOf(last['content']), textOf(next['content'])];
  if (before !== undefined && after !== undefined) return joinTexts([before, after], '\n\n');
  return [...partsOf(last['content']), ...partsOf(next['content'])];
}

/** Undefined where there is more than text. */
function textOf(content: JsonValue | undefined): JsonText | undefined {
  if (isText(content)) return content;
  const texts = asList(content).map((part) => (isJsonObject(part) ? part['text'] : undefined));
  const known = texts.filter(isText);
  return known.length === texts.length ? joinTexts(known, '\n\n') : undefined;
}

function partsOf(content: JsonValue | undefined): readonly JsonValue[] {
  return isText(content) ? [{ type: 'text', text: content }] : asList(content);
}
