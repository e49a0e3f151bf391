import { isJsonObject, isText, RawJson, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import { beyond } from '../../encoder/filters/transcript.ts';
import { contradictionError, malformedError } from '../../encoder/stream-errors.ts';
import type { ToolFragment } from '../../encoder/tool-calls.ts';
import { jsonLiteral, textLiteral } from '../../json-literal.ts';
import { isVoid } from '../../unread-content.ts';
import { partOf } from './output-items.ts';
import type { OutputItem } from './output-items.ts';

/** Tells the encoder the parts of items: piece by piece, and what a whole part has beyond its pieces. */
export interface PartTeller {
  /** A piece of a part, the content of a JSON string literal. */
  say(item: OutputItem, place: string, literal: string): void;
  delta(item: OutputItem, place: string, value: JsonValue | undefined): void;
  complete(item: OutputItem, place: string, value: JsonValue | undefined): void;
  /** Something else than a part was told, which keeps the parts before and after it apart. */
  interrupt(): void;
}

/** Between two summaries, and between two messages that no other block keeps apart. */
const gap = '\\n\\n';

/** `provider` is named in errors. */
export function createPartTeller(encoder: Encoder, provider: string): PartTeller {
  let latest: OutputItem | undefined;

  function isApart(item: OutputItem, place: string): boolean {
    const isFirst = item.latestPart === undefined;
    if (isFirst) return latest !== undefined && latest !== item && latest.kind === item.kind;
    return item.kind === 'reasoning' && item.latestPart !== place;
  }

  function say(item: OutputItem, place: string, literal: string): void {
    if (literal === '') return;
    const spaced = isApart(item, place) ? gap + literal : literal;
    partOf(item, place).add(literal);
    latest = item;
    item.latestPart = place;
    switch (item.kind) {
      case 'message':
        encoder.text(spaced);
        break;
      case 'reasoning':
        encoder.thinking(spaced);
        break;
      case 'function_call':
        encoder.toolCall({ ...pieceOf(item), input: literal });
        break;
      case 'web_search_call':
        break;
    }
  }

  return {
    say,
    delta(item, place, value) {
      if (isText(value)) say(item, place, textLiteral(value));
      else if (isVoid(value)) item.isDoubted = true;
      else encoder.fail(malformedError(provider));
    },
    complete(item, place, value) {
      if (isVoid(value)) return;
      const isCall = item.kind === 'function_call';
      const whole = isText(value) ? textLiteral(value) : isCall ? objectLiteral(value) : undefined;
      if (whole === undefined) {
        encoder.fail(malformedError(provider));
        return;
      }
      item.isDoubted = false;
      const rest = beyond(partOf(item, place), whole);
      if (rest !== undefined) say(item, place, rest);
      // The same arguments may be written in another way.
      else if (isCall) encoder.toolCall({ ...pieceOf(item), input: whole });
      else encoder.fail(contradictionError(provider));
    },
    interrupt() {
      latest = undefined;
    },
  };
}

/** A piece of a call that has only its number. */
export function pieceOf({ number }: OutputItem): ToolFragment {
  return { index: number, id: undefined, name: undefined, input: undefined, whole: false };
}

/** Arguments are a JSON text; a proxy may have made an object of it. */
function objectLiteral(value: JsonValue | undefined): string | undefined {
  return isJsonObject(value) || value instanceof RawJson ? jsonLiteral(writeJson(value)) : undefined;
}
