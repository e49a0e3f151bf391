import { bytesToString, JsonDepthError, JsonSyntaxError, readElements, readMembers, readSpan } from '@ccg/wire';
import type { MemberSpan, MessagesRequest, Span, Splice, TopLevelEntry } from '@ccg/wire';
import { searchIdPrefix } from '../encoder/web-searches.ts';
import { asText } from '../json-fields.ts';
import { isHistoryTooLong } from '../request/read-request.ts';
import { sealTag } from '../translation.ts';

/** Which blocks are removed from a history for Anthropic. */
export type Removal = 'ours' | 'all';

/**
 * The edits that remove what Anthropic cannot verify: searches of another backend, its reasoning, which the gateway
 * sealed or which has no signature, or all reasoning after Anthropic rejected a signature. A message without other content
 * is removed, too. A body without such blocks costs one search.
 */
export function historyEdits(messagesRequest: MessagesRequest, removal: Removal): readonly Splice[] {
  const messages = messagesRequest.bytesOf('messages');
  if (messages === undefined || (removal === 'ours' && !mayHoldOurs(messages))) return [];
  // The backends that give such reasoning are sent no history of this length, and it would take too long to walk.
  if (isHistoryTooLong(messagesRequest)) return [];
  try {
    return findEdits(messagesRequest, removal);
  } catch (thrown) {
    // Invalid JSON is left for Anthropic to reject.
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return [];
    throw thrown;
  }
}

function findEdits({ body, entries }: MessagesRequest, removal: Removal): readonly Splice[] {
  const bytes = body();
  const messages = entries.find(({ key }) => key === 'messages');
  if (messages === undefined || bytes[messages.start] !== OPEN_BRACKET) return [];
  const list = readElements(bytes, messages);
  const cuts = list.map((message) => messageCut(bytes, message, removal));
  const edits = removeFromList(list, cuts);
  return edits.length === 0 ? [] : [...edits, ...withoutThinking(bytes, entries, list, cuts)].toSorted(byStart);
}

const OPEN_BRACE = '{'.charCodeAt(0);
const OPEN_BRACKET = '['.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);

/** Whether an element is kept, removed or edited. */
type Cut =
  | { readonly kind: 'keep' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'edit'; readonly edits: readonly Splice[] };

const keep: Cut = { kind: 'keep' };
const reasoningTypes: ReadonlySet<string> = new Set(['thinking', 'redacted_thinking']);

/** Where the blocks of a search have its id. */
const searchIdFields: ReadonlyMap<string, string> = new Map([
  ['server_tool_use', 'id'],
  ['web_search_tool_result', 'tool_use_id'],
]);

/** A string of this size is made and searched faster than its bytes are searched. */
const windowBytes = 64 * 1024;
/** The greatest length of a match: no JSON writer puts so much space between a name and its value. */
const reachBytes = 64;

/** One expression for all, since a search for one text takes as long as the expression. */
const ours = new RegExp(String.raw`"(?:${sealTag.replace('.', '\\.')}|${searchIdPrefix}|signature"\s*:\s*"")`, 'u');

function mayHoldOurs(messages: Uint8Array): boolean {
  for (let at = 0; at < messages.length; at += windowBytes) {
    if (ours.test(bytesToString(messages.subarray(at, at + windowBytes + reachBytes)))) return true;
  }
  return false;
}

function messageCut(bytes: Uint8Array, message: Span, removal: Removal): Cut {
  if (bytes[message.start] !== OPEN_BRACE) return keep;
  const members = readMembers(bytes, message);
  const content = members.find(({ key }) => key === 'content');
  if (content === undefined || textOf(bytes, members, 'role') !== 'assistant') return keep;
  if (bytes[content.start] !== OPEN_BRACKET) return keep;
  const blocks = readElements(bytes, content);
  const cuts = blocks.map((block): Cut => (isRemoved(bytes, block, removal) ? { kind: 'remove' } : keep));
  const edits = removeFromList(blocks, cuts);
  if (edits.length === 0) return keep;
  return cuts.every(({ kind }) => kind === 'remove') ? { kind: 'remove' } : { kind: 'edit', edits };
}

function isRemoved(bytes: Uint8Array, block: Span, removal: Removal): boolean {
  if (bytes[block.start] !== OPEN_BRACE) return false;
  const members = readMembers(bytes, block);
  const type = textOf(bytes, members, 'type') ?? '';
  const searchId = searchIdFields.get(type);
  if (searchId !== undefined) return (textOf(bytes, members, searchId) ?? '').startsWith(searchIdPrefix);
  if (!reasoningTypes.has(type)) return false;
  const seal = textOf(bytes, members, type === 'thinking' ? 'signature' : 'data') ?? '';
  return removal === 'all' || seal === '' || seal.startsWith(sealTag);
}

/**
 * Older models that think at every turn refuse a turn with tool calls that has not ended and has lost its reasoning,
 * so thinking is disabled for this one answer. The newer, adaptive form does not need that.
 */
function withoutThinking(
  bytes: Uint8Array,
  entries: readonly TopLevelEntry[],
  messages: readonly Span[],
  cuts: readonly Cut[],
): readonly Splice[] {
  const thinking = entries.find(({ key }) => key === 'thinking');
  if (thinking === undefined || bytes[thinking.start] !== OPEN_BRACE) return [];
  if (textOf(bytes, readMembers(bytes, thinking), 'type') !== 'enabled') return [];
  const index = messages.findLastIndex((message) => isAssistant(bytes, message));
  const last = messages[index];
  if (last === undefined || cuts[index]?.kind !== 'edit' || !includes(bytes, last, '"tool_use"')) return [];
  const edits = [{ start: thinking.start, end: thinking.end, replacement: '{"type":"disabled"}' }];
  // The strategy that clears reasoning is refused when thinking is disabled.
  const management = entries.find(({ key }) => key === 'context_management');
  if (management !== undefined && includes(bytes, management, '"clear_thinking')) {
    edits.push({ start: management.start, end: management.end, replacement: '{"edits":[]}' });
  }
  return edits;
}

function isAssistant(bytes: Uint8Array, message: Span): boolean {
  return bytes[message.start] === OPEN_BRACE && textOf(bytes, readMembers(bytes, message), 'role') === 'assistant';
}

function includes(bytes: Uint8Array, { start, end }: Span, text: string): boolean {
  return bytesToString(bytes.subarray(start, end)).includes(text);
}

/** The edits of a list: a removed element takes one of its commas along. */
function removeFromList(elements: readonly Span[], cuts: readonly Cut[]): readonly Splice[] {
  const edits: Splice[] = [];
  let lastKeptEnd: number | undefined;
  for (const [index, element] of elements.entries()) {
    const cut = cuts[index] ?? keep;
    if (cut.kind !== 'remove') {
      // Appended one by one: a call cannot have more than about 100,000 arguments.
      if (cut.kind === 'edit') for (const edit of cut.edits) edits.push(edit);
      lastKeptEnd = element.end;
      continue;
    }
    const next = elements[index + 1];
    const start = lastKeptEnd ?? element.start;
    const end = lastKeptEnd === undefined && next !== undefined ? next.start : element.end;
    edits.push({ start, end, replacement: '' });
    if (lastKeptEnd !== undefined) lastKeptEnd = element.end;
  }
  return edits;
}

/** A short text member; of a long one, such as a signature, only the beginning. */
function textOf(bytes: Uint8Array, members: readonly MemberSpan[], key: string): string | undefined {
  const member = members.find((entry) => entry.key === key);
  if (member === undefined || bytes[member.start] !== QUOTE) return undefined;
  if (member.end - member.start > 64) return bytesToString(bytes.subarray(member.start + 1, member.start + 64));
  return asText(readSpan(bytes, member));
}

function byStart(a: Splice, b: Splice): number {
  return a.start - b.start;
}
