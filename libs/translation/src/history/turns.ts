import type { GatewayError } from '@ccg/kernel';
import { isAttribution, isEmptyText, isText } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request/read-request.ts';
import type { HistoryBlock } from './history-block.ts';
import { splitDocument } from './media.ts';
import { searchAsText } from './web-searches.ts';

/**
 * Reads the client's messages. String content and a list with one text block become the same turn, because Claude
 * Code changes from one to the other between requests and a backend's prefix cache must not notice. Empty texts are
 * left out. Throws `request-invalid` naming the path of a message, role, content or block that is not what it must be.
 */
export function readTurns(messages: readonly JsonValue[]): Turn[] {
  return messages.map((value, index) => {
    const path = `messages.${index}`;
    const message = asObject(value);
    if (message === undefined) throw fieldError(path, 'Input should be an object with a role and content');
    const role = readRole(message, path);
    return {
      role,
      blocks: readBlocks(message['content'], `${path}.content`, role),
      clearsAtNextUser: asText(message['clear_at']) === 'next_user_message',
    };
  });
}

/** The texts of the instructions, without the line that names the client, which changes from request to request. */
export function instructionTexts(system: JsonValue | undefined): JsonText[] {
  const texts = isText(system) ? [system] : asList(system).map((block) => asObject(block)?.['text']);
  return texts.filter(isText).filter((text) => !isEmptyText(text) && !isAttribution(text));
}

/** A block of text. */
export function textBlock(text: JsonValue, path: () => string): HistoryBlock {
  return { type: 'text', block: { type: 'text', text }, path };
}

function readRole(message: JsonObject, path: string): Turn['role'] {
  const role = asText(message['role']);
  if (role === 'user' || role === 'assistant' || role === 'system') return role;
  if (message['role'] === undefined) throw fieldError(`${path}.role`, 'Field required');
  throw fieldError(`${path}.role`, "Input should be one of 'user', 'assistant', 'system'");
}

function readBlocks(content: JsonValue | undefined, path: string, role: Turn['role']): HistoryBlock[] {
  if (isText(content)) return isEmptyText(content) ? [] : [textBlock(content, () => path)];
  // A system message may hold only settings.
  if (role === 'system' && (content === undefined || content === null)) return [];
  if (content === undefined) throw fieldError(path, 'Field required');
  if (!Array.isArray(content)) throw fieldError(path, 'Input should be a string or a list of content blocks');
  const blocks: HistoryBlock[] = [];
  for (const [index, value] of content.entries()) {
    for (const block of splitDocument(readBlock(value, `${path}.${index}`, role))) {
      if (block.type !== 'text' || !isEmptyTextBlock(block)) blocks.push(block);
    }
  }
  return blocks;
}

function readBlock(value: JsonValue, path: string, role: Turn['role']): HistoryBlock {
  const block = asObject(value);
  if (block === undefined) throw fieldError(path, 'Input should be a content block');
  const type = asText(block['type']);
  if (type === undefined) throw fieldError(`${path}.type`, 'Field required');
  for (const field of requiredTexts(type)) {
    if (!isText(block[field])) throw fieldError(`${path}.${field}`, 'Input should be a string');
  }
  const search = role === 'assistant' ? searchAsText(type, block) : undefined;
  if (search !== undefined) return textBlock(search, () => path);
  return { type, block, path: () => path };
}

function requiredTexts(type: string): readonly string[] {
  switch (type) {
    case 'text':
      return ['text'];
    case 'tool_use':
      return ['id', 'name'];
    case 'tool_result':
      return ['tool_use_id'];
    default:
      return [];
  }
}

function isEmptyTextBlock({ block }: HistoryBlock): boolean {
  const { text } = block;
  return isText(text) && isEmptyText(text);
}

/** One message of the client; its content is always a list of blocks. */
export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly blocks: readonly HistoryBlock[];
  /** Whether a later user message ends the effect of this instruction. */
  readonly clearsAtNextUser: boolean;
}

/** Joins neighbours of the same role, as the Anthropic API does, and removes empty turns. */
export function mergeTurns(turns: readonly Turn[]): Turn[] {
  const merged: (Turn & { readonly blocks: HistoryBlock[] })[] = [];
  for (const turn of turns) {
    if (turn.blocks.length === 0) continue;
    const last = merged.at(-1);
    // Appended one by one: a new list for every turn would take quadratic time.
    if (last?.role === turn.role) for (const block of turn.blocks) last.blocks.push(block);
    else merged.push({ ...turn, blocks: [...turn.blocks] });
  }
  return merged;
}

const typesMax = 3;

/**
 * The text for a user turn whose blocks are all of unknown types: the model can tell the user what is missing, and the
 * turns before and after stay separate. Undefined if there are no blocks.
 */
export function leftOutText(blocks: readonly HistoryBlock[]): HistoryBlock | undefined {
  const [first] = blocks;
  const types = [...new Set(blocks.map(({ type }) => type))].slice(0, typesMax);
  return first && textBlock(`[${types.join(', ')} left out: this model cannot read it]`, first.path);
}

/** The error for a history without any content that can be sent. */
export function emptyHistoryError(): GatewayError {
  return fieldError('messages', 'no message has content that can be sent. Send a user message with text');
}
