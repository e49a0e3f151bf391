import type { JsonObject } from '@ccg/wire';
import { isText, RawText } from '@ccg/wire';
import { createTranscript } from '../../encoder/filters/transcript.ts';
import type { Transcript } from '../../encoder/filters/transcript.ts';
import { appendToolInput, isSameInput, newToolInput } from '../../encoder/tool-input.ts';
import { asObject } from '../../json-fields.ts';
import { inputLiteral, nonEmptyLiteral, textLiteral } from '../../json-literal.ts';

/** The parts of one answer so far, so that a call that is told twice is made once. */
export interface ToldCalls {
  /** What a chunk has that was not told before. `isLast`: it says why the answer ends. */
  news(this: void, parts: readonly JsonObject[], isLast: boolean): readonly JsonObject[];
  /** Takes a part that is this text and nothing else. */
  add(this: void, kind: 'text' | 'thought', literal: string): void;
}

type Told = ToldText | { readonly kind: 'call'; readonly call: JsonObject };

interface ToldText {
  readonly kind: 'text' | 'thought';
  readonly text: Transcript;
}

/**
 * Two calls with one id are one call. Calls have no ids at most servers: there a chunk is the answer so far, told again, if it
 * begins with all parts before it, or with a text and a call that are the chunk before it. Of a call that is all there is so
 * far, another chunk with the same may be a second call.
 */
export function createToldCalls(): ToldCalls {
  const all: Told[] = [];
  let latest: readonly Told[] = [];

  function news(parts: readonly JsonObject[], isLast: boolean): readonly JsonObject[] {
    if (!all.some(({ kind }) => kind === 'call') || !parts.some((part) => callOf(part) !== undefined)) return parts;
    const rest = beyond(all, parts);
    if (rest !== undefined && (isLast || all.length > 1 || rest.length > 0)) return rest;
    return (latest.length > 1 ? beyond(latest, parts) : undefined) ?? parts;
  }

  return {
    add(kind, literal) {
      addText(all, kind, literal);
      latest = [];
    },
    news(parts, isLast) {
      const fresh = news(parts, isLast).filter((part) => {
        const call = callOf(part);
        const isAgain = call !== undefined && all.some((told) => told.kind === 'call' && hasSameId(told.call, call));
        if (!isAgain) addPart(all, part);
        return !isAgain;
      });
      const chunk: Told[] = [];
      for (const part of parts) addPart(chunk, part);
      if (chunk.length > 0) latest = chunk;
      return fresh;
    },
  };
}

function addPart(list: Told[], part: JsonObject): void {
  const call = callOf(part);
  const { text } = part;
  if (call !== undefined) list.push({ kind: 'call', call });
  else if (isText(text)) addText(list, kindOf(part), textLiteral(text));
}

function addText(list: Told[], kind: 'text' | 'thought', literal: string): void {
  if (literal === '') return;
  const last = list.at(-1);
  if (last?.kind === kind) {
    last.text.add(literal);
    return;
  }
  const text = createTranscript();
  text.add(literal);
  list.push({ kind, text });
}

/** What a chunk has after all that was told. Undefined: it does not begin with it. */
function beyond(told: readonly Told[], parts: readonly JsonObject[]): readonly JsonObject[] | undefined {
  let rest = parts;
  for (const known of told) {
    const after = known.kind === 'call' ? afterCall(known.call, rest) : afterText(known, rest);
    if (after === undefined) return undefined;
    rest = after;
  }
  return rest;
}

function afterCall(known: JsonObject, [first, ...rest]: readonly JsonObject[]): readonly JsonObject[] | undefined {
  const call = first === undefined ? undefined : callOf(first);
  return call !== undefined && isSameCall(known, call) ? rest : undefined;
}

/** The parts without this text at their beginning, which they may tell in other pieces. */
function afterText({ kind, text }: ToldText, parts: readonly JsonObject[]): readonly JsonObject[] | undefined {
  const length = text.length();
  let place = 0;
  for (const [at, part] of parts.entries()) {
    const { text: own } = part;
    if (!isText(own) || kindOf(part) !== kind) return undefined;
    const literal = textLiteral(own);
    const same = text.match(place, literal);
    place += same;
    if (place === length) {
      const left = literal.slice(same);
      const after = parts.slice(at + 1);
      return left === '' ? after : [{ ...part, text: new RawText(left, 0, left.length) }, ...after];
    }
    if (same < literal.length) return undefined;
  }
  return undefined;
}

function kindOf({ thought }: JsonObject): ToldText['kind'] {
  return thought === true ? 'thought' : 'text';
}

function callOf(part: JsonObject): JsonObject | undefined {
  return asObject(part['functionCall']);
}

function hasSameId(one: JsonObject, other: JsonObject): boolean {
  const id = nonEmptyLiteral(one['id']);
  return id !== undefined && id === nonEmptyLiteral(other['id']) && isSameCall(one, other);
}

function isSameCall(one: JsonObject, other: JsonObject): boolean {
  const [id, otherId] = [one, other].map((call) => nonEmptyLiteral(call['id']));
  if (id !== undefined && otherId !== undefined && id !== otherId) return false;
  return nonEmptyLiteral(one['name']) === nonEmptyLiteral(other['name']) && isSameInput(inputOf(one), inputOf(other));
}

function inputOf({ args }: JsonObject) {
  const input = newToolInput();
  if (appendToolInput(input, inputLiteral(args) ?? '') !== '') input.scan.broken = true;
  return input;
}
