import { isText } from '@ccg/wire';
import { asCount, asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';
import type { JsonObject } from '@ccg/wire';
import { createTranscript } from '../../encoder/filters/transcript.ts';
import { createDeltaReader } from '../../encoder/filters/told-deltas.ts';
import type { DeltaReader } from '../../encoder/filters/told-deltas.ts';
import type { Transcript } from '../../encoder/filters/transcript.ts';

/** The kinds of items that answers are made of. */
export type ItemKind = 'message' | 'reasoning' | 'function_call' | 'web_search_call';

const kinds: readonly ItemKind[] = ['message', 'reasoning', 'function_call', 'web_search_call'];

/** Undefined for an item of another kind. */
export function itemKindOf({ type }: JsonObject): ItemKind | undefined {
  const name = asText(type);
  return kinds.find((kind) => kind === name);
}

/** A part of an item: what was told of it, and its deltas, of which each may be the whole part so far. */
interface ItemPart {
  readonly said: Transcript;
  readonly deltas: DeltaReader;
}

/** One item of an answer, as far as it was told. */
export interface OutputItem {
  readonly kind: ItemKind;
  /** Its number among the items of this answer, in the order of their beginnings. */
  readonly number: number;
  /** By the place of a part in the item; arguments are a part, too. */
  readonly parts: Map<string, ItemPart>;
  /** The part that was told last. */
  latestPart: string | undefined;
  /** Reasoning is told in one of two members, and some servers tell it in both. */
  source: 'summary' | 'content' | undefined;
  /** Whether what it tells once was told: the state of reasoning, a search. */
  isTold: boolean;
  callId: string | undefined;
  name: string | undefined;
  /** Whether the server told that it ends, as a whole. */
  isDone: boolean;
  /** Whether the server says that it is not whole. */
  isCut: boolean;
  /** Whether a piece of it may be lost: it is whole if all of it is told once more. */
  isDoubted: boolean;
  /** Whether its latest part was told as a whole, too. */
  isWhole: boolean;
}

/** The items of one answer, told apart. */
export interface OutputItems {
  /**
   * An item that begins. Servers number items anew or give several the same number, so a beginning counts most, unless it
   * is that of a known item once more.
   */
  begin(kind: ItemKind, event: JsonObject): OutputItem;
  /** The item that an event speaks of; it begins with the event if nothing was told of it. */
  of(kind: ItemKind, event: JsonObject): OutputItem;
  all(): readonly OutputItem[];
  /** The item at the place that an event names. */
  at(event: JsonObject): OutputItem | undefined;
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
    const again = begunAgain(kind, event);
    if (again !== undefined) return again;
    const item = newItem(kind, all.length);
    all.push(item);
    const { index, id } = placeOf(event);
    if (index !== undefined) byIndex.set(index, item);
    if (id !== undefined) byId.set(id, item);
    return item;
  }

  function begunAgain(kind: ItemKind, event: JsonObject): OutputItem | undefined {
    const { index, id } = placeOf(event);
    const callId = callIdOf(event);
    const known = index === undefined ? (id === undefined ? undefined : byId.get(id)) : byIndex.get(index);
    if (known?.kind !== kind || known.callId !== callId) return undefined;
    // Some servers give all messages one id and one position.
    const isSame = callId === undefined ? !known.isDone && id !== undefined && byId.get(id) === known : true;
    return isSame ? known : undefined;
  }

  function at({ index, id }: Place): OutputItem | undefined {
    return (index === undefined ? undefined : byIndex.get(index)) ?? (id === undefined ? undefined : byId.get(id));
  }

  return {
    begin,
    all: () => all,
    at: (event) => at(placeOf(event)),
    of(kind, event) {
      const place = placeOf(event);
      const isPlaced = place.index !== undefined || place.id !== undefined;
      const found = at(place) ?? (isPlaced ? undefined : all.findLast((item) => item.kind === kind));
      return found?.kind === kind ? found : begin(kind, event);
    },
    ofKind: (kind) => all.filter((item) => item.kind === kind),
    isLast: (item) => all.at(-1) === item,
  };
}

function newItem(kind: ItemKind, number: number): OutputItem {
  return {
    kind,
    number,
    parts: new Map(),
    latestPart: undefined,
    source: undefined,
    isTold: false,
    callId: undefined,
    name: undefined,
    isDone: false,
    isCut: false,
    isDoubted: false,
    isWhole: false,
  };
}

interface Place {
  readonly index: number | undefined;
  readonly id: string | undefined;
}

function placeOf(event: JsonObject): Place {
  const { item, output_index: index, item_id: id } = event;
  const own = typeof item === 'object' && item !== null && 'id' in item ? item['id'] : undefined;
  return { index: asCount(index), id: asText(id) ?? asText(own) };
}

function callIdOf({ item }: JsonObject): string | undefined {
  const id = typeof item === 'object' && item !== null && 'call_id' in item ? item['call_id'] : undefined;
  const literal = isText(id) ? textLiteral(id) : '';
  return literal === '' ? undefined : literal;
}

/** A part of an item, which begins with nothing. */
export function partOf({ parts }: OutputItem, place: string): ItemPart {
  const known = parts.get(place);
  if (known !== undefined) return known;
  const said = createTranscript();
  const made = { said, deltas: createDeltaReader(said) };
  parts.set(place, made);
  return made;
}
