import { isText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { asCount, asObject, asText } from '../../json-fields.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { isVoid, mayHoldContent } from '../../unread-content.ts';
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
  const { items, parts, order } = telling;
  const { begin, done, whole } = createItemTeller(telling);

  let open: { readonly item: OutputItem; readonly place: string } | undefined;
  const deltas = createDeltaReader(responsesDelta, (literal, { counts }) => {
    if (order.isRepeated(counts?.['sequence_number'], literal)) return;
    if (open !== undefined) parts.say(open.item, open.place, literal);
  });

  const takers = new Map<string, (event: JsonObject) => void>([
    ['output_item.added', begin],
    ['output_item.done', done],
    [
      'output_text.annotation.added',
      ({ annotation }) => {
        telling.encoder.webPages(citedPages([annotation ?? null]));
      },
    ],
    ...partTakers(telling),
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

/** Those who take the parts of items, by the names of events. */
function partTakers({ encoder, provider, items, parts }: Telling): readonly (readonly [string, Taker])[] {
  function text(event: JsonObject, isWhole: boolean): void {
    const item = items.of('message', event);
    const place = placeOfText(event);
    if (isWhole) parts.complete(item, place, event['text'] ?? event['refusal']);
    else if (isReadable(event)) parts.delta(item, place, event['delta']);
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
    else if (isReadable(event)) parts.delta(item, 'arguments', event['delta']);
  }

  /** A piece under another name is a piece, too. */
  function isReadable({ delta, ...rest }: JsonObject): boolean {
    if (isText(delta) || !isVoid(delta) || !mayHoldContent({ ...rest, logprobs: undefined })) return true;
    encoder.fail(malformedError(provider));
    return false;
  }

  /** A part that begins or ends, with its text. */
  function part(event: JsonObject): void {
    const value = asObject(event['part']) ?? {};
    const text = value['text'] ?? value['refusal'];
    if (isVoid(text)) {
      if (mayHoldContent(value)) encoder.fail(malformedError(provider));
      return;
    }
    const isReasoning =
      items.at(event)?.kind === 'reasoning' || /^(?:reasoning|summary)/u.test(asText(value['type']) ?? '');
    if (isReasoning) reasoning({ ...event, text }, true);
    else parts.complete(items.of('message', event), placeOfText(event), text);
  }

  return [
    ...['content_part', 'reasoning_part', 'reasoning_summary_part'].flatMap((name): [string, Taker][] => [
      [`${name}.added`, part],
      [`${name}.done`, part],
    ]),
    ...pair('output_text', text),
    ...pair('refusal', text),
    ...pair('reasoning_summary_text', reasoning),
    ...pair('reasoning_text', reasoning),
    ...pair('function_call_arguments', call),
  ];
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
