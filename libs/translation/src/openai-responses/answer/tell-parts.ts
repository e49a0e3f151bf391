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
  /** Judges the latest deltas, since nothing follows that tells what they are. */
  settle(): void;
  /** Something else than a part was told, which keeps the parts before and after it apart. */
  interrupt(): void;
}

/** Between two summaries, and between two messages that no other block keeps apart. */
const gap = '\\n\\n';

interface State {
  readonly encoder: Encoder;
  readonly provider: string;
  latest: OutputItem | undefined;
  /** The part whose latest deltas may be the whole part once more. */
  held: { readonly item: OutputItem; readonly place: string } | undefined;
}

/** `provider` is named in errors. */
export function createPartTeller(encoder: Encoder, provider: string): PartTeller {
  const state: State = { encoder, provider, latest: undefined, held: undefined };
  return {
    say(item, place, literal) {
      say(state, item, place, literal);
    },
    delta(item, place, value) {
      if (isText(value)) say(state, item, place, textLiteral(value));
      else if (isVoid(value)) item.isDoubted = true;
      else encoder.fail(malformedError(provider));
    },
    complete(item, place, value) {
      if (!isVoid(value)) complete(state, item, place, value);
    },
    settle() {
      settle(state);
    },
    interrupt() {
      settle(state);
      state.latest = undefined;
    },
  };
}

function say(state: State, item: OutputItem, place: string, literal: string): void {
  item.isWhole = false;
  settleOthers(state, item, place);
  // The encoder judges the arguments of calls.
  if (item.kind === 'function_call') {
    add(state, item, place, literal);
    return;
  }
  const { deltas } = partOf(item, place);
  const added = deltas.take(literal);
  state.held = deltas.isHolding() ? { item, place } : undefined;
  if (added === undefined) state.encoder.fail(contradictionError(state.provider));
  else add(state, item, place, added);
}

function complete(state: State, item: OutputItem, place: string, value: JsonValue | undefined): void {
  const { encoder, provider } = state;
  settleOthers(state, item, place);
  const isCall = item.kind === 'function_call';
  const whole = isText(value) ? textLiteral(value) : isCall ? objectLiteral(value) : undefined;
  if (whole === undefined) {
    encoder.fail(malformedError(provider));
    return;
  }
  [item.isDoubted, item.isWhole] = [false, true];
  const { said, deltas } = partOf(item, place);
  // What is held is a part of the whole.
  deltas.settle();
  state.held = undefined;
  const rest = beyond(said, whole);
  if (rest !== undefined) add(state, item, place, rest);
  // The same arguments may be written in another way.
  else if (isCall) encoder.toolCall({ ...pieceOf(item), input: whole });
  else encoder.fail(contradictionError(provider));
}

function settleOthers(state: State, item: OutputItem, place: string): void {
  if (state.held !== undefined && (state.held.item !== item || state.held.place !== place)) settle(state);
}

function settle(state: State): void {
  if (state.held === undefined) return;
  const { item, place } = state.held;
  state.held = undefined;
  add(state, item, place, partOf(item, place).deltas.settle());
}

/** Tells what is known to be new. */
function add(state: State, item: OutputItem, place: string, literal: string): void {
  if (literal === '') return;
  const spaced = isApart(state, item, place) ? gap + literal : literal;
  partOf(item, place).said.add(literal);
  state.latest = item;
  item.latestPart = place;
  encode(state.encoder, item, spaced);
}

function isApart({ latest }: State, item: OutputItem, place: string): boolean {
  if (item.kind === 'function_call') return false;
  const isFirst = item.latestPart === undefined;
  if (isFirst) return latest !== undefined && latest !== item && latest.kind === item.kind;
  return item.kind === 'reasoning' && item.latestPart !== place;
}

function encode(encoder: Encoder, item: OutputItem, literal: string): void {
  switch (item.kind) {
    case 'message':
      encoder.text(literal);
      break;
    case 'reasoning':
      encoder.thinking(literal);
      break;
    case 'function_call':
      encoder.toolCall({ ...pieceOf(item), input: literal });
      break;
    case 'web_search_call':
      break;
  }
}

/** A piece of a call that has only its number. */
export function pieceOf({ number }: OutputItem): ToolFragment {
  return { index: number, id: undefined, name: undefined, input: undefined, whole: false };
}

/** Arguments are a JSON text; a proxy may have made an object of it. */
function objectLiteral(value: JsonValue | undefined): string | undefined {
  return isJsonObject(value) || value instanceof RawJson ? jsonLiteral(writeJson(value)) : undefined;
}
