import type { JsonObject } from '@ccg/wire';
import { asCount } from '../../json-fields.ts';
import { citedPages } from '../../encoder/cited-pages.ts';
import { createItemTeller, isOfSource } from './tell-items.ts';
import type { ItemTeller, Telling } from './tell-items.ts';

export interface EventTeller {
  /** Tells what an event of the stream says. Returns whether it could hold a part of the answer. */
  take(type: string, event: JsonObject): boolean;
  readonly whole: ItemTeller['whole'];
}

/** Hands events to those who tell parts and items, by their type. */
export function createEventTeller(telling: Telling): EventTeller {
  const { items, parts } = telling;
  const { begin, done, whole } = createItemTeller(telling);

  function text(event: JsonObject, isWhole: boolean): void {
    const item = items.of('message', event);
    const place = String(asCount(event['content_index']) ?? 0);
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
    take(type, event) {
      const taker = type.startsWith(prefix) ? takers.get(type.slice(prefix.length)) : undefined;
      taker?.(event);
      return taker !== undefined;
    },
  };
}

const prefix = 'response.';

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
