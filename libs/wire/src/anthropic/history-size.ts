import { CLOSE_BRACKET, COLON, COMMA, OPEN_BRACKET, QUOTE, viewOf } from '../bytes.ts';
import { closingQuote, isClosing, isOpening, isSpace, measureBrackets, skipSpace } from '../json/byte-scan.ts';

/** How many messages and content blocks a history has. */
export interface HistorySize {
  readonly messages: number;
  /** Includes blocks inside of other blocks, and those of the system prompt. */
  readonly blocks: number;
  /** How many of the blocks are of the system prompt. */
  readonly systemBlocks: number;
  /** Counting stopped at 100,000, because it would have taken too long; there are more. */
  readonly isCut: boolean;
}

/** Counting this many takes about 10 ms. */
const countMax = 100_000;

/** Nested blocks are never deeper. Anything deeper is not content. */
const depthMax = 16;
/** Lists inside of a tool's input are not content blocks. */
const inputKey = Buffer.from('"input"');

/**
 * Counts messages and content blocks in the bytes of `messages` and `system`, without parsing them. It does not check
 * the JSON: reading does that later.
 */
export function countHistory(messages: Uint8Array | undefined, system: Uint8Array | undefined): HistorySize {
  const history = countElements(messages);
  const instructions = countElements(system);
  const systemBlocks = instructions.outer + instructions.inner;
  const blocks = history.inner + systemBlocks;
  return { messages: history.outer, blocks, systemBlocks, isCut: history.isCut || instructions.isCut };
}

/** How many elements a list has, and how many all the lists inside of it have. */
interface Elements {
  outer: number;
  inner: number;
  isCut: boolean;
}

function countElements(value: Uint8Array | undefined): Elements {
  const count: Elements = { outer: 0, inner: 0, isCut: false };
  if (value?.[0] !== OPEN_BRACKET) return count;
  const json = viewOf(value);
  // For each level of nesting, whether it is a list.
  const isList = new Uint8Array(depthMax + 1);
  let depth = 0;
  for (let at = 0; at < json.length && !count.isCut; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = closingQuote(json, at);
    else if (byte === COMMA) addElement(count, depth, isList[depth] === 1);
    else if (isOpening(byte)) {
      if (depth > 0 && isList[depth] === 0 && isInput(json, at)) at = measureBrackets(json, at).close;
      else {
        depth += 1;
        isList[depth] = byte === OPEN_BRACKET ? 1 : 0;
        addElement(count, depth, byte === OPEN_BRACKET && json[skipSpace(json, at + 1)] !== CLOSE_BRACKET);
      }
    } else if (isClosing(byte)) depth -= 1;
  }
  return count;
}

function addElement(count: Elements, depth: number, isElement: boolean): void {
  if (!isElement || depth > depthMax) return;
  if (depth === 1) count.outer += 1;
  else count.inner += 1;
  count.isCut = count.outer + count.inner >= countMax;
}

/** Whether the value at `start` is that of the member `input`. */
function isInput(json: Buffer, start: number): boolean {
  const colon = endBefore(json, start) - 1;
  if (json[colon] !== COLON) return false;
  const end = endBefore(json, colon);
  const name = end - inputKey.length;
  return name >= 0 && json.compare(inputKey, 0, inputKey.length, name, end) === 0;
}

/** The offset after the last byte before `from` that is no white space. */
function endBefore(json: Buffer, from: number): number {
  let at = from;
  while (at > 0 && isSpace(json[at - 1])) at -= 1;
  return at;
}
