import { writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { decodeLiteral } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { contradictionError } from '../stream-errors.ts';
import type { ToolFragment } from '../tool-calls.ts';
import { beyond, createTranscript, lacking } from './transcript.ts';
import type { Transcript } from './transcript.ts';

/** What a delta or a whole message holds. Texts are contents of JSON string literals. */
export interface AnswerParts {
  readonly thinking: readonly { readonly literal: string; readonly origin: string }[];
  /** The backend's records of the reasoning. */
  readonly details: readonly JsonObject[];
  readonly text: readonly string[];
  readonly tools: readonly ToolFragment[];
}

/** An encoder that knows what it was told, so that a server may tell its answer again as a whole. */
export interface SnapshotEncoder extends Encoder {
  /** Adds a delta. One that came with the finish reason may be all of the answer once more. */
  delta(parts: AnswerParts, isLast: boolean): void;
  /** Adds what the answer as a whole has beyond the deltas. A whole that they contradict ends the answer with an error. */
  snapshot(whole: AnswerParts): void;
}

/** A last delta of fewer bytes may repeat the answer by chance. */
const repeatedMinLength = 16;

/** Keeps what was said. `provider` is named in errors. */
export function withSnapshots(encoder: Encoder, provider: string): SnapshotEncoder {
  const said = { text: createTranscript(), thinking: createTranscript(), details: new Set<string>() };

  function text(literal: string): void {
    said.text.add(literal);
    encoder.text(literal);
  }

  function thinking(literal: string, origin = ''): void {
    said.thinking.add(literal);
    encoder.thinking(literal, origin);
  }

  function addDetails(details: readonly JsonObject[]): void {
    for (const detail of details) said.details.add(writeJson(detail));
    encoder.reasoningDetails(details);
  }

  return {
    ...encoder,
    text,
    thinking,
    delta({ thinking: pieces, details, text: texts, tools }, isLast) {
      const whole = { thinking: joined(pieces.map(({ literal }) => literal)), text: joined(texts) };
      const isThoughtAgain = isLast && isRepeated(said.thinking, whole.thinking);
      const isTextAgain = isLast && isRepeated(said.text, whole.text);
      if (!isThoughtAgain) for (const { literal, origin } of pieces) thinking(literal, origin);
      else thinking(beyond(said.thinking, whole.thinking) ?? '', pieces[0]?.origin);
      if (!isThoughtAgain) addDetails(details);
      if (!isTextAgain) for (const literal of texts) text(literal);
      else text(beyond(said.text, whole.text) ?? '');
      if (isLast) encoder.lastCalls(tools);
      else for (const fragment of tools) encoder.toolCall(fragment);
    },
    snapshot({ thinking: pieces, details, text: texts, tools }) {
      const whole = { thinking: joined(pieces.map(({ literal }) => literal)), text: joined(texts) };
      const isFirst = said.text.length() + said.thinking.length() === 0;
      if (isFirst) {
        for (const { literal, origin } of pieces) thinking(literal, origin);
        addDetails(details);
        for (const literal of texts) text(literal);
      } else {
        const missing = missingParts(said, whole);
        if (missing === undefined) {
          encoder.fail(contradictionError(provider));
          return;
        }
        if (missing.thinking !== '') thinking(missing.thinking, pieces[0]?.origin);
        if (missing.text !== '') text(missing.text);
        addDetails(details.filter((detail) => isMissing(detail, said.details)));
      }
      encoder.wholeCalls(tools);
    },
  };
}

/** Readable details hold the text of the reasoning, which is compared apart from them. */
function isMissing(detail: JsonObject, said: ReadonlySet<string>): boolean {
  if (said.size === 0) return true;
  return !said.has(writeJson(detail)) && detail['text'] === undefined && detail['summary'] === undefined;
}

interface Missing {
  readonly thinking: string;
  readonly text: string;
}

/** Undefined if the whole contradicts what was said. */
function missingParts(said: Readonly<Record<'text' | 'thinking', Transcript>>, whole: Missing): Missing | undefined {
  const [text, thinking] = [beyond(said.text, whole.text), beyond(said.thinking, whole.thinking)];
  if (text !== undefined && thinking !== undefined) return { text, thinking };
  // The server may have taken the reasoning out of the text of one of the two.
  const [told, all] = [parted(said.thinking.all(), said.text.all()), parted(whole.thinking, whole.text)];
  const rest = { text: lacking(told?.text, all?.text), thinking: lacking(told?.thinking, all?.thinking) };
  if (rest.text === undefined || rest.thinking === undefined) return undefined;
  return { text: rest.text, thinking: rest.thinking };
}

function isRepeated(said: Transcript, literal: string): boolean {
  const all = said.all() ?? '';
  if (all.length < repeatedMinLength || literal.length < all.length) return false;
  return decodeLiteral(literal).startsWith(decodeLiteral(all));
}

/** Reasoning and text, wherever the reasoning stands. */
function parted(thinking: string | undefined, text: string | undefined): Missing | undefined {
  if (thinking === undefined || text === undefined) return undefined;
  const plain = decodeLiteral(text);
  const [tagged, inner = ''] = /^\s*(?:<think>)?([\s\S]*?)<\/think>/u.exec(plain) ?? [''];
  const own = decodeLiteral(thinking);
  return { thinking: own.trim() === '' ? inner : own, text: plain.slice(tagged.length).trim() };
}

function joined(literals: readonly string[]): string {
  return literals.length === 1 ? (literals[0] ?? '') : literals.join('');
}
