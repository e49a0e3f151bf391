import {
  bytesToString,
  JsonDepthError,
  JsonSyntaxError,
  readElements,
  readJson,
  readTopLevel,
  stringToBytes,
} from '@ccg/wire';
import type { MessagesRequest, JsonValue, Splice, TopLevelEntry } from '@ccg/wire';
import { asText } from '../json-fields.ts';

/** Which blocks of reasoning leave a history on its way to Anthropic. */
export type Removal = 'ours' | 'all';

/**
 * What to cut out of the body so that the history holds no reasoning that Anthropic cannot check: blocks that the
 * gateway sealed, or that have no signature, of answers that another backend gave; or all reasoning, once Anthropic
 * has refused a signature. A message that has nothing else goes, too. Bodies without such blocks cost one search.
 */
export function historyEdits(messagesRequest: MessagesRequest, removal: Removal): readonly Splice[] {
  const messages = messagesRequest.bytesOf('messages');
  if (messages === undefined || (removal === 'ours' && !mayHoldOurs(messages))) return [];
  try {
    return findEdits(messagesRequest, removal);
  } catch (thrown) {
    // What is no JSON deeper down is for Anthropic to refuse, in its own words.
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return [];
    throw thrown;
  }
}

function findEdits({ body: bytes, entries }: MessagesRequest, removal: Removal): readonly Splice[] {
  const source = bytesToString(bytes());
  const messages = entries.find(({ key }) => key === 'messages');
  if (messages === undefined || source.charAt(messages.start) !== '[') return [];
  const list = elementsOf(source, messages);
  const cuts = list.map((message) => messageCut(source, message, removal));
  const edits = removeFromList(list, cuts);
  return edits.length === 0 ? [] : [...edits, ...withoutThinking(source, entries, list, cuts)].toSorted(byStart);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What becomes of an element: it stays, it goes, or parts of it are cut. */
type Cut =
  | { readonly kind: 'keep' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'edit'; readonly edits: readonly Splice[] };

const keep: Cut = { kind: 'keep' };
const sealedTag = 'ccg1.';
const reasoningTypes: ReadonlySet<string> = new Set(['thinking', 'redacted_thinking']);

/** Strings of this size are made and searched faster than bytes are. */
const windowBytes = 64 * 1024;
/** How far what is looked for may reach: no writer of JSON puts so much space between a name and its value. */
const reachBytes = 64;

function mayHoldOurs(messages: Uint8Array): boolean {
  for (let at = 0; at < messages.length; at += windowBytes) {
    const text = bytesToString(messages.subarray(at, at + windowBytes + reachBytes));
    if (text.includes(`"${sealedTag}`) || /"signature"\s*:\s*""/u.test(text)) return true;
  }
  return false;
}

function messageCut(source: string, message: Range, removal: Removal): Cut {
  if (source.charAt(message.start) !== '{') return keep;
  const members = membersOf(source, message);
  const content = members.find(({ key }) => key === 'content');
  if (content === undefined || textOf(source, members, 'role') !== 'assistant') return keep;
  if (source.charAt(content.start) !== '[') return keep;
  const blocks = elementsOf(source, content);
  const cuts = blocks.map((block): Cut => (leaves(source, block, removal) ? { kind: 'remove' } : keep));
  const edits = removeFromList(blocks, cuts);
  if (edits.length === 0) return keep;
  return cuts.every(({ kind }) => kind === 'remove') ? { kind: 'remove' } : { kind: 'edit', edits };
}

function leaves(source: string, block: Range, removal: Removal): boolean {
  if (source.charAt(block.start) !== '{') return false;
  const members = membersOf(source, block);
  const type = textOf(source, members, 'type') ?? '';
  if (!reasoningTypes.has(type)) return false;
  const seal = textOf(source, members, type === 'thinking' ? 'signature' : 'data') ?? '';
  return removal === 'all' || seal === '' || seal.startsWith(sealedTag);
}

/**
 * Older models that think at every turn refuse a turn of tool calls that is going on and has lost its reasoning, so
 * they do not think in this one answer. The newer, adaptive form does not mind.
 */
function withoutThinking(
  source: string,
  entries: readonly TopLevelEntry[],
  messages: readonly Range[],
  cuts: readonly Cut[],
): readonly Splice[] {
  const thinking = entries.find(({ key }) => key === 'thinking');
  if (thinking === undefined || source.charAt(thinking.start) !== '{') return [];
  if (textOf(source, membersOf(source, thinking), 'type') !== 'enabled') return [];
  const last = messages.findLastIndex((message) => isAssistant(source, message));
  if (cuts[last]?.kind !== 'edit' || !source.slice(messages[last]?.start, messages[last]?.end).includes('"tool_use"')) {
    return [];
  }
  const edits = [{ ...rangeOf(thinking), replacement: '{"type":"disabled"}' }];
  // The strategy that clears reasoning is refused where there is none.
  const management = entries.find(({ key }) => key === 'context_management');
  if (management !== undefined && source.slice(management.start, management.end).includes('"clear_thinking')) {
    edits.push({ ...rangeOf(management), replacement: '{"edits":[]}' });
  }
  return edits;
}

function isAssistant(source: string, message: Range): boolean {
  return source.charAt(message.start) === '{' && textOf(source, membersOf(source, message), 'role') === 'assistant';
}

/** The cuts of a list: a removed element takes the comma on one side of it along. */
function removeFromList(elements: readonly Range[], cuts: readonly Cut[]): readonly Splice[] {
  const edits: Splice[] = [];
  let lastKeptEnd: number | undefined;
  for (const [index, element] of elements.entries()) {
    const cut = cuts[index] ?? keep;
    if (cut.kind !== 'remove') {
      // Appended one by one: a call takes no more than some 100,000 arguments.
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

function elementsOf(source: string, range: Range): readonly Range[] {
  return readElements(source.slice(range.start, range.end)).map((element) => moved(element, range.start));
}

function membersOf(source: string, range: Range): readonly TopLevelEntry[] {
  return readTopLevel(stringToBytes(source.slice(range.start, range.end))).entries.map((entry) => ({
    ...entry,
    ...moved(entry, range.start),
  }));
}

function moved({ start, end }: Range, by: number): Range {
  return { start: start + by, end: end + by };
}

function rangeOf({ start, end }: Range): Range {
  return { start, end };
}

/** A short text member; of a long one, such as a signature, only as much as tells it apart. */
function textOf(source: string, members: readonly TopLevelEntry[], key: string): string | undefined {
  const member = members.find((entry) => entry.key === key);
  if (member === undefined || source.charAt(member.start) !== '"') return undefined;
  if (member.end - member.start > 64) return source.slice(member.start + 1, member.start + 64);
  const value: JsonValue = readJson(source.slice(member.start, member.end));
  return asText(value);
}

function byStart(a: Splice, b: Splice): number {
  return a.start - b.start;
}
