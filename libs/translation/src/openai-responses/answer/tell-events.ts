import type { JsonObject } from '@ccg/wire';
import { asCount } from '../../json-fields.ts';
import { citedPages } from '../../encoder/cited-pages.ts';
import { createDeltaReader } from '../../encoder/deltas/delta-reader.ts';
import type { DeltaReader } from '../../encoder/deltas/delta-reader.ts';
import { responsesDelta, textDelta } from './delta-form.ts';
import type { OutputItem } from './output-items.ts';
import { createItemTeller, isOfSource } from './tell-items.ts';
import type { ItemTeller, Telling } from './tell-items.ts';

export interface EventTeller {
  /** Tells what an event of the stream says. Returns whether it could hold a part of the answer. */
  take(type: string, event: JsonObject, json: string): boolean;
  /** Tells a delta of text without parsing it; false for any other event. */
  readonly known: DeltaReader['known'];
  readonly whole: ItemTeller['whole'];
}

/** Hands events to those who tell parts and items, by their type. */
export function createEventTeller(telling: Telling): EventTeller {
  const { items, parts } = telling;
  const { begin, done, whole } = createItemTeller(telling);

  let open: { readonly item: OutputItem; readonly place: string } | undefined;
  const deltas = createDeltaReader(responsesDelta, (literal) => {
    if (open !== undefined) parts.say(open.item, open.place, literal);
  });

  function text(event: JsonObject, isWhole: boolean): void {
    const item = items.of('message', event);
    const place = placeOfText(event);
    if (isWhole) parts.complete(item, place, event['text'] ?? event['refusal']);
    else parts.delta(item, place, event['delta']);
  }

  function reasoning(event: JsonObject, isWhole: boolean): void {
    const item = items.of('reasoning', event);
    const summary = asCount(event['summary_index']);
    const source = summary === undefined ? 'content' : 'summary';
    if (!isOfSource(item, source)) return;
    const place = `${source} ${summary ?? asCount(event['content_index']) ?? 0}`;
    if (isWhole) parts.complete(item, place, event['text']);
    else parts.delta(item, place, event['delta']);
  }

  function call(event: JsonObject, isWhole: boolean): void {
    const item = items.of('function_call', event);
    if (isWhole) parts.complete(item, 'arguments', event['arguments']);
    else parts.delta(item, 'arguments', event['delta']);
  }

  const takers = new Map<string, (event: JsonObject) => void>([
    ['output_item.added', begin],
    ['output_item.done', done],
    [
      'output_text.annotation.added',
      ({ annotation }) => {
        telling.encoder.webPages(citedPages([annotation ?? null]));
      },
    ],
    ...pair('output_text', text),
    ...pair('refusal', text),
    ...pair('reasoning_summary_text', reasoning),
    ...pair('reasoning_text', reasoning),
    ...pair('function_call_arguments', call),
  ]);
  return {
    whole,
    known: deltas.known,
    take(type, event, json) {
      // An item that begins may have the position of another.
      if (type !== textDelta) deltas.forget();
      const taker = type.startsWith(prefix) ? takers.get(type.slice(prefix.length)) : undefined;
      taker?.(event);
      if (type === textDelta && deltas.learn(json, event)) {
        open = { item: items.of('message', event), place: placeOfText(event) };
      }
      return taker !== undefined;
    },
  };
}

const prefix = 'response.';
function placeOfText(event: JsonObject): string {
  return String(asCount(event['content_index']) ?? 0);
}

type Taker = (event: JsonObject) => void;

/** A part comes in pieces, and as a whole after them. */
function pair(
  name: string,
  read: (event: JsonObject, isWhole: boolean) => void,
): readonly (readonly [string, Taker])[] {
  return [
    [
      `${name}.delta`,
      (event) => {
        read(event, false);
      },
    ],
    [
      `${name}.done`,
      (event) => {
        read(event, true);
      },
    ],
  ];
}
