import { asCount, asText } from '../../json-fields.ts';
import type { JsonObject } from '@ccg/wire';
import { createTranscript } from '../../encoder/filters/transcript.ts';
import type { Transcript } from '../../encoder/filters/transcript.ts';

/** The kinds of items that answers are made of. */
export type ItemKind = 'message' | 'reasoning' | 'function_call' | 'web_search_call';

const kinds: readonly ItemKind[] = ['message', 'reasoning', 'function_call', 'web_search_call'];

/** Undefined for an item of another kind. */
export function itemKindOf({ type }: JsonObject): ItemKind | undefined {
  const name = asText(type);
  return kinds.find((kind) => kind === name);
}

/** One item of an answer, as far as it was told. */
export interface OutputItem {
  readonly kind: ItemKind;
  /** Its number among the items of this answer, in the order of their beginnings. */
  readonly number: number;
  /** By the place of a part in the item; arguments are a part, too. */
  readonly parts: Map<string, Transcript>;
  /** The part that was told last. */
  latestPart: string | undefined;
  /** Reasoning is told in one of two members, and some servers tell it in both. */
  source: 'summary' | 'content' | undefined;
  /** Whether what it tells once was told: the state of reasoning, a search. */
  isTold: boolean;
  callId: string | undefined;
}

/** The items of one answer, told apart. */
export interface OutputItems {
  /** An item that begins. Servers number items anew or give several the same number, so a beginning counts most. */
  begin(kind: ItemKind, event: JsonObject): OutputItem;
  /** The item that an event speaks of; it begins with the event if nothing was told of it. */
  of(kind: ItemKind, event: JsonObject): OutputItem;
  /** The items of a kind, in order. Positions in a whole answer differ where a server leaves items out of it. */
  ofKind(kind: ItemKind): readonly OutputItem[];
  /** Whether no other item has begun after this one. */
  isLast(item: OutputItem): boolean;
}

/** Events name their item by its position; its id changes from event to event at some servers, others give the id alone. */
export function createOutputItems(): OutputItems {
  const all: OutputItem[] = [];
  const byIndex = new Map<number, OutputItem>();
  const byId = new Map<string, OutputItem>();

  function begin(kind: ItemKind, event: JsonObject): OutputItem {
    const item: OutputItem = {
      kind,
      number: all.length,
      parts: new Map(),
      latestPart: undefined,
      source: undefined,
      isTold: false,
      callId: undefined,
    };
    all.push(item);
    const { index, id } = placeOf(event);
    if (index !== undefined) byIndex.set(index, item);
    if (id !== undefined) byId.set(id, item);
    return item;
  }

  return {
    begin,
    of(kind, event) {
      const { index, id } = placeOf(event);
      const isPlaced = index !== undefined || id !== undefined;
      const found =
        (index === undefined ? undefined : byIndex.get(index)) ??
        (id === undefined ? undefined : byId.get(id)) ??
        (isPlaced ? undefined : all.findLast((item) => item.kind === kind));
      return found?.kind === kind ? found : begin(kind, event);
    },
    ofKind: (kind) => all.filter((item) => item.kind === kind),
    isLast: (item) => all.at(-1) === item,
  };
}

function placeOf(event: JsonObject): { readonly index: number | undefined; readonly id: string | undefined } {
  const { item, output_index: index, item_id: id } = event;
  const own = typeof item === 'object' && item !== null && 'id' in item ? item['id'] : undefined;
  return { index: asCount(index), id: asText(id) ?? asText(own) };
}

/** What was told of a part of an item. */
export function partOf({ parts }: OutputItem, place: string): Transcript {
  const known = parts.get(place);
  if (known !== undefined) return known;
  const made = createTranscript();
  parts.set(place, made);
  return made;
}
