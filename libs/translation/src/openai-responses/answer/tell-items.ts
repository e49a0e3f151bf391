import { isJsonObject, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { citedPages } from '../../encoder/cited-pages.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { WebPage } from '../../encoder/block-writer.ts';
import { contradictionError, malformedError } from '../../encoder/stream-errors.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { decodeLiteral, nonEmptyLiteral } from '../../json-literal.ts';
import { hasAny, isTextOrNull, isVoid, mayHoldContent } from '../../unread-content.ts';
import { phaseRecord, reasoningRecord } from '../reasoning-state.ts';
import type { EventOrder } from './event-order.ts';
import { itemKindOf } from './output-items.ts';
import type { ItemKind, OutputItem, OutputItems } from './output-items.ts';
import { pieceOf } from './tell-parts.ts';
import type { PartTeller } from './tell-parts.ts';

/** Tells the encoder of items that begin and of items that are whole. */
export interface ItemTeller {
  begin(event: JsonObject): void;
  done(event: JsonObject): void;
  /** All items of the answer. */
  whole(output: readonly JsonValue[]): void;
}

/** What the items of an answer are told with. */
export interface Telling {
  readonly encoder: Encoder;
  /** Named in errors. */
  readonly provider: string;
  readonly items: OutputItems;
  readonly parts: PartTeller;
  readonly order: EventOrder;
  /** Pages that searches found. */
  readonly found: WebPage[];
}

export function createItemTeller(telling: Telling): ItemTeller {
  const { encoder, provider, items } = telling;

  function completeOr(kind: ItemKind | undefined, value: JsonObject, find: (known: ItemKind) => OutputItem): void {
    if (kind !== undefined) completeItem(find(kind), value, telling);
    // A call of a tool that nobody declared, for example.
    else if (mayHoldContent(value)) encoder.fail(malformedError(provider));
  }

  return {
    begin(event) {
      const value = asObject(event['item']) ?? {};
      const kind = itemKindOf(value);
      if (kind === undefined) return;
      const item = beginItem(kind, value, event, telling);
      if (kind === 'function_call') nameCall(item, value, telling);
    },
    done(event) {
      const value = asObject(event['item']) ?? {};
      completeOr(itemKindOf(value), value, (kind) => items.of(kind, event));
      const item = items.at(event);
      if (item !== undefined) item.isDone = true;
    },
    whole(output) {
      const values = output.map((element) => asObject(element) ?? {});
      if (!output.every((element) => isJsonObject(element) || isVoid(element))) encoder.fail(malformedError(provider));
      const known = matchItems(values, items);
      for (const [at, value] of values.entries()) {
        completeOr(itemKindOf(value), value, (kind) => known.get(at) ?? beginItem(kind, value, {}, telling));
      }
      encoder.webPages(telling.found);
    },
  };
}

/** Which items the values of a whole answer are, by their places in it: calls by their ids, the others in their order. */
function matchItems(values: readonly JsonObject[], items: OutputItems): ReadonlyMap<number, OutputItem> {
  const open = new Set(items.all());
  const found = new Map<number, OutputItem>();
  const take = (at: number, isMatch: (item: OutputItem) => boolean) => {
    const match = [...open].find(isMatch);
    if (match === undefined) return;
    open.delete(match);
    found.set(at, match);
  };
  for (const [at, { call_id: id }] of values.entries()) {
    const callId = nonEmptyLiteral(id);
    if (callId !== undefined) take(at, (item) => item.callId === callId);
  }
  for (const [at, value] of values.entries()) {
    const kind = itemKindOf(value);
    if (!found.has(at)) take(at, (item) => item.kind === kind);
  }
  return found;
}

function beginItem(
  kind: ItemKind,
  value: JsonObject,
  event: JsonObject,
  { encoder, items, parts }: Telling,
): OutputItem {
  const count = items.all().length;
  const item = items.begin(kind, event);
  const isAgain = items.all().length === count;
  const phase = kind === 'message' ? asText(value['phase']) : undefined;
  if (!isAgain && phase !== undefined && phase !== '') {
    parts.interrupt();
    encoder.reasoningDetails([phaseRecord(phase)]);
  }
  return item;
}

function completeItem(item: OutputItem, value: JsonObject, telling: Telling): void {
  item.isCut = asText(value['status']) === 'incomplete';
  switch (item.kind) {
    case 'message':
      completeMessage(item, value, telling);
      break;
    case 'reasoning':
      completeReasoning(item, value, telling);
      break;
    case 'function_call':
      nameCall(item, value, telling);
      telling.parts.complete(item, 'arguments', value['arguments']);
      break;
    case 'web_search_call':
      tellSearch(item, value, telling);
  }
}

/** Its content is a list of parts, or nothing but a part or a text. */
function completeMessage(item: OutputItem, { content }: JsonObject, { encoder, provider, parts }: Telling): void {
  if (isText(content)) {
    parts.complete(item, '0', content);
    return;
  }
  for (const [at, value] of (isJsonObject(content) ? [content] : asList(content)).entries()) {
    const part = asObject(value) ?? {};
    if (!isJsonObject(value) && !isVoid(value)) encoder.fail(malformedError(provider));
    const text = part['text'] ?? part['refusal'];
    encoder.webPages(citedPages(part['annotations']));
    if (!isVoid(text)) parts.complete(item, String(at), text);
    else if (mayHoldContent(part)) encoder.fail(malformedError(provider));
  }
}

function completeReasoning(
  item: OutputItem,
  { summary, content, encrypted_content: encrypted }: JsonObject,
  { encoder, items, parts }: Telling,
): void {
  for (const [source, list] of [
    ['summary', summary],
    ['content', content],
  ] as const) {
    const texts = asList(list);
    if (texts.length === 0 || !isOfSource(item, source)) continue;
    for (const [at, part] of texts.entries()) parts.complete(item, `${source} ${at}`, asObject(part)?.['text']);
  }
  // It belongs before whatever it led to.
  if (!isText(encrypted) || isVoid(encrypted) || item.isTold || !items.isLast(item)) return;
  item.isTold = true;
  parts.settle();
  encoder.reasoningDetails([reasoningRecord(encrypted)]);
}

/** Whether reasoning is told from this member. Some servers tell it in two. */
export function isOfSource(item: OutputItem, source: 'summary' | 'content'): boolean {
  item.source ??= source;
  return item.source === source;
}

/** Pages that are cited have titles, so those that were found and not cited are told after them. */
function tellSearch(item: OutputItem, { action }: JsonObject, { encoder, found }: Telling): void {
  const { type, query, queries, sources } = asObject(action) ?? {};
  if (item.isTold || (asText(type) ?? 'search') !== 'search') return;
  item.isTold = true;
  encoder.webSearch(nonEmptyLiteral(query) ?? nonEmptyLiteral(asList(queries)[0]));
  for (const source of asList(sources)) {
    const url = nonEmptyLiteral(asObject(source)?.['url']);
    if (url !== undefined) found.push({ url, title: url });
  }
}

function nameCall(item: OutputItem, value: JsonObject, { encoder, provider, parts }: Telling): void {
  const { call_id: id, name } = value;
  if (!isTextOrNull(name) || hasAny(value, ['input', 'parameters', 'function'])) encoder.fail(malformedError(provider));
  const isKnown = item.callId !== undefined;
  item.callId ??= nonEmptyLiteral(id);
  const said = nonEmptyLiteral(name);
  if (item.name !== undefined && said !== undefined && decodeLiteral(said) !== decodeLiteral(item.name)) {
    encoder.fail(contradictionError(provider));
    return;
  }
  item.name ??= said;
  parts.interrupt();
  encoder.toolCall({ ...pieceOf(item), id: isKnown ? undefined : item.callId, name: said });
}
