import { isJsonObject, isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asList } from '../../json-fields.ts';

/**
 * The same messages with user and assistant taking turns, as the chat templates of Mistral demand. Neighbours of one
 * role become one message; what the user says after results of tools is told with the last of them.
 */
export function alternate(messages: readonly JsonObject[]): JsonObject[] {
  const told: Told[] = [];
  for (const message of messages) {
    const last = told.at(-1);
    if (message['role'] === 'assistant' && (last === undefined || isInstruction(last.message))) tell(told, opening);
    if (last === undefined || !joinsTurn(last.message, message)) tell(told, message);
    else if (last.message['role'] !== 'tool' || isTextAlone(last, message)) join(last, message);
    else {
      tell(told, bridge);
      tell(told, message);
    }
  }
  return told.map(({ message, contents }) =>
    contents.length === 1 ? message : { ...message, content: joinContents(contents) },
  );
}

/** A message, and the contents of it and of those that it was joined with. They are joined once, at the end. */
interface Told {
  message: JsonObject;
  readonly contents: (JsonValue | undefined)[];
}

function tell(told: Told[], message: JsonObject): void {
  told.push({ message, contents: [message['content']] });
}

const opening: JsonObject = { role: 'user', content: '(The conversation goes on.)' };
/** Images cannot be told in a result; this stands for the turn that the assistant did not take. */
const bridge: JsonObject = { role: 'assistant', content: '(I look at it.)' };

function join(last: Told, message: JsonObject): void {
  last.contents.push(message['content']);
  const { tool_calls: calls } = message;
  if (calls !== undefined) last.message = { ...last.message, tool_calls: calls };
}

function joinsTurn(last: JsonObject, next: JsonObject): boolean {
  if (last['role'] === 'tool') return next['role'] === 'user';
  return last['role'] === next['role'] && last['tool_calls'] === undefined;
}

/** The content of results stays text, whatever was joined with it, since nothing else is. */
function isTextAlone({ message }: Told, next: JsonObject): boolean {
  return textOf(message['content']) !== undefined && textOf(next['content']) !== undefined;
}

function isInstruction({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer';
}

/** One text as long as all are text, and none bears a mark; from the first that is not, parts. */
export function joinContents(contents: readonly (JsonValue | undefined)[]): JsonText | JsonArray {
  const texts: JsonText[] = [];
  for (const content of contents) {
    const text = textOf(content);
    if (text === undefined) break;
    texts.push(text);
  }
  if (texts.length === contents.length) return joinTexts(texts, '\n\n');
  const begun = texts.length < 2 ? contents.slice(0, texts.length) : [joinTexts(texts, '\n\n')];
  return [...begun, ...contents.slice(texts.length)].flatMap(partsOf);
}

/** Undefined where there is more than text. */
function textOf(content: JsonValue | undefined): JsonText | undefined {
  if (isText(content)) return content;
  const texts = asList(content).map((part) => (isPlainText(part) ? part['text'] : undefined));
  const known = texts.filter(isText);
  return known.length === texts.length ? joinTexts(known, '\n\n') : undefined;
}

function isPlainText(part: JsonValue): part is JsonObject {
  return isJsonObject(part) && part['cache_control'] === undefined;
}

function partsOf(content: JsonValue | undefined): readonly JsonValue[] {
  return isText(content) ? [{ type: 'text', text: content }] : asList(content);
}
