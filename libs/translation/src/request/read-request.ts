import { GatewayError } from '@ccg/kernel';
import { isText, RawText } from '@ccg/wire';
import type { JsonObject, JsonValue, MessagesRequest, TopLevelEntry } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import type { TranslationInput } from '../translation.ts';
import type { Warnings } from '../warnings.ts';

/** A 400 that names the field by its path, such as `messages.3.content`, and says what it should be. */
export function fieldError(path: string, problem: string): GatewayError {
  return new GatewayError('request-invalid', `${path}: ${problem}`);
}

type ReadInput = Pick<TranslationInput, 'messagesRequest' | 'tools' | 'toolListCache'>;

/**
 * Reads the client's body for translation and checks what every dialect acts on. Unknown keys are tolerated. Throws
 * `request-invalid` with the path of the field.
 */
export function readRequest(
  { messagesRequest, tools: source, toolListCache }: ReadInput,
  warnings: Warnings,
): JsonObject {
  checkRequestSize(messagesRequest);
  const valueOf = ({ key, scalar }: TopLevelEntry) =>
    key === 'tools' && source !== undefined
      ? toolListCache.list(source)
      : (plain(scalar) ?? messagesRequest.read(key)?.value);
  const body = Object.fromEntries(messagesRequest.entries.map((entry) => [entry.key, valueOf(entry)]));
  refuseThread(body['thread']);
  for (const field of ['system', 'messages']) {
    if (messagesRequest.read(field)?.isMended !== true) continue;
    const text = 'Halves of surrogate pairs are not characters. They were replaced by U+FFFD.';
    warnings.add(field, 'approximated', text);
  }
  if (messagesRequest.maxTokens === undefined) {
    throw fieldError('max_tokens', 'Field required. Set it to the maximum number of output tokens.');
  }
  const { messages, tools, system } = body;
  if (messages === undefined) throw fieldError('messages', 'Field required');
  if (!Array.isArray(messages)) throw fieldError('messages', 'Input should be a list of messages');
  if (messages.length === 0) throw fieldError('messages', 'at least one message is required');
  if (!isAbsent(tools) && !Array.isArray(tools)) throw fieldError('tools', 'Input should be a list of tools');
  if (!isAbsent(system) && !isText(system) && !Array.isArray(system)) {
    throw fieldError('system', 'Input should be a string or a list of text blocks');
  }
  refuseServerState(body);
  return body;
}

/** A scalar that is no raw text: raw texts are read again, so that halves of surrogate pairs in them are replaced. */
function plain(scalar: TopLevelEntry['scalar']): TopLevelEntry['scalar'] {
  return scalar instanceof RawText ? undefined : scalar;
}

/** Ten times the longest sessions; converting so many keeps the event loop busy for some 50 ms. */
const messagesMax = 10_000;
const blocksMax = 20_000;

/** Whether a history would take too long to convert. Every block is a value, so that most need no count of their own. */
export function isHistoryTooLong({ entryOf, historySize }: MessagesRequest): boolean {
  const values = (entryOf('messages')?.values ?? 0) + (entryOf('system')?.values ?? 0);
  if (values <= messagesMax) return false;
  const { messages, blocks } = historySize();
  return messages > messagesMax || blocks > blocksMax;
}

/** Claude Code with 200 tools of MCP servers has some 230. */
export const toolsMax = 2000;
/** Claude Code begins with some 500. A tool adds about 50, a message 10. */
const valuesMax = 200_000;
/** Of all tools together, and of any other member but the prompt: their schemas are walked several times. */
const toolsValuesMax = 100_000;
const memberValuesMax = 20_000;
/** Likewise, in bytes: twenty times the most that 200 tools of MCP servers have. */
const schemasMaxMegabytes = 8;

/**
 * Refuses a request that would take too long to convert or to count. Throws `request-invalid` with the bound and what
 * was found.
 */
export function checkRequestSize(messagesRequest: MessagesRequest): void {
  const { entries, entryOf } = messagesRequest;
  const { elements: tools = 0 } = entryOf('tools') ?? {};
  if (tools > toolsMax) throw tooManyTools(tools);
  checkHistorySize(messagesRequest);
  const values = entries.reduce((sum, entry) => sum + entry.values, 1);
  if (values > valuesMax) {
    throw new GatewayError(
      'request-invalid',
      `The body has too many JSON values. At most ${plainly(valuesMax)} strings, numbers, lists and objects; ` +
        `this body has ${plainly(values)}. Send large data as text, or in parts.`,
    );
  }
  for (const entry of entries) if (entry.key !== 'messages' && entry.key !== 'system') checkMember(entry);
}

/** Refuses schemas and other members that would take too long to convert. */
function checkMember({ key, start, end, values }: TopLevelEntry): void {
  const valuesOfKey = key === 'tools' ? toolsValuesMax : memberValuesMax;
  if (values > valuesOfKey) {
    const bound = `At most ${plainly(valuesOfKey)} strings, numbers, lists and objects; this request has ${plainly(values)}`;
    throw fieldError(key, `too many JSON values. ${bound}. Simplify the schemas or leave out what is not needed`);
  }
  const megabytes = (end - start) / 1e6;
  if (megabytes <= schemasMaxMegabytes) return;
  const bound = `At most ${schemasMaxMegabytes} MB; this request has ${megabytes.toFixed(1)} MB`;
  throw fieldError(key, `too large. ${bound}. Shorten descriptions and schemas, or leave out what is not needed`);
}

export function tooManyTools(found: number): GatewayError {
  const bound = `At most ${plainly(toolsMax)} tools; this request has ${plainly(found)}`;
  return fieldError('tools', `too many. ${bound}. Remove tools or disconnect MCP servers that are not needed`);
}

function counted(count: number, one: string): string {
  return `${plainly(count)} ${one}${count === 1 ? '' : 's'}`;
}

function plainly(count: number): string {
  return count.toLocaleString('en-US');
}

/** Throws `request-invalid` with what was found. */
function checkHistorySize(messagesRequest: MessagesRequest): void {
  if (!isHistoryTooLong(messagesRequest)) return;
  const { messages, blocks, systemBlocks, isCut } = messagesRequest.historySize();
  const bound = `too many. At most ${plainly(messagesMax)} messages and ${plainly(blocksMax)} content blocks`;
  // Counting ends at 100,000 of both.
  const found = isCut
    ? `over ${plainly(messages + blocks)} of them`
    : `${counted(messages, 'message')} and ${counted(blocks, 'content block')}`;
  const isSystem = messages <= messagesMax && blocks - systemBlocks <= blocksMax;
  throw isSystem
    ? fieldError('system', `${bound}; this request has ${found}. Shorten the system prompt`)
    : fieldError('messages', `${bound}; this request has ${found}. Compact the conversation or start a new one`);
}

/** Servers and containers at Anthropic: without them the answer would be wrong. */
function refuseServerState(body: JsonObject): void {
  for (const field of ['mcp_servers', 'container']) {
    const value = body[field];
    if (isAbsent(value) || (Array.isArray(value) && value.length === 0)) continue;
    throw fieldError(field, 'only models that Anthropic serves support this. Remove it, or use one of those models');
  }
}

/**
 * Refuses a thread, which only Anthropic holds. The SDKs read `details`: they send the whole conversation of a thread
 * that is not found, and go on without threads where these are not supported.
 */
function refuseThread(thread: JsonValue | undefined): void {
  if (isAbsent(thread)) return;
  const isContinued = asText(asObject(thread)?.['type']) === 'continue';
  const problem = isContinued
    ? 'this model does not hold the thread. Send the whole conversation without it'
    : 'only models that Anthropic serves support threads. Send the whole conversation without it';
  throw new GatewayError('request-invalid', `thread: ${problem}.`, {
    publicDetails: isContinued
      ? { error_code: 'thread_not_found' }
      : { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
  });
}

function isAbsent(value: JsonValue | undefined): boolean {
  return value === undefined || value === null;
}
