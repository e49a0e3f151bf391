import type { JsonObject } from '@ccg/wire';
import { decodeLiteral } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { contradictionError } from '../stream-errors.ts';
import type { ToolFragment } from '../tool-calls.ts';
import { createToldParts } from './told-parts.ts';
import type { ToldParts } from './told-parts.ts';
import { beyond, lacking } from './transcript.ts';
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
  /** A block of this kind begins, with this text. What was told before is no part of it. */
  begin(kind: 'text' | 'thinking', literal: string): void;
}

/** `provider` is named in errors. */
export function withSnapshots(encoder: Encoder, provider: string): SnapshotEncoder {
  const told = createToldParts(encoder, provider);
  return {
    ...encoder,
    text: told.text,
    thinking: (literal, origin = '') => {
      told.thinking(literal, origin, []);
    },
    begin: told.begin,
    delta({ thinking: pieces, details, text: texts, tools }, isLast) {
      tellThinking(told, pieces, details);
      told.text(joined(texts));
      const holdsWords = [...texts, ...pieces.map(({ literal }) => literal)].some((literal) => literal !== '');
      const isTextAgain = (isLast || tools.length > 0) && told.settle(isLast && holdsWords);
      if (tools.length === 0) return;
      told.leave();
      if (isLast || isTextAgain) encoder.lastCalls(tools);
      else for (const fragment of tools) encoder.toolCall(fragment);
    },
    snapshot(whole) {
      told.settle();
      if (!addWhole(told, whole)) {
        encoder.fail(contradictionError(provider));
        return;
      }
      if (whole.tools.length > 0) told.leave();
      encoder.wholeCalls(whole.tools);
    },
    ...leavingFirst(encoder, told),
    reasoningDetails(details) {
      told.settle();
      encoder.reasoningDetails(details);
    },
    signature(literal) {
      told.settle();
      encoder.signature(literal);
    },
    finish(finish) {
      told.settle();
      encoder.finish(finish);
    },
    marker() {
      told.settle();
      encoder.marker();
    },
    end() {
      told.settle();
      encoder.end();
    },
  };
}

/** The parts that are neither text nor reasoning. */
function leavingFirst(
  encoder: Encoder,
  told: ToldParts,
): Pick<Encoder, 'toolCall' | 'wholeCalls' | 'lastCalls' | 'redactedThinking'> {
  return {
    toolCall(fragment) {
      told.leave();
      encoder.toolCall(fragment);
    },
    wholeCalls(calls) {
      told.leave();
      encoder.wholeCalls(calls);
    },
    lastCalls(fragments) {
      told.leave();
      encoder.lastCalls(fragments);
    },
    redactedThinking(literal) {
      told.leave();
      encoder.redactedThinking(literal);
    },
  };
}

function tellThinking(told: ToldParts, pieces: AnswerParts['thinking'], details: readonly JsonObject[]): void {
  const origins = [...new Set(pieces.map(({ origin }) => origin))];
  for (const [at, origin] of origins.entries()) {
    const literals = pieces.filter((piece) => piece.origin === origin).map(({ literal }) => literal);
    told.thinking(joined(literals), origin, at === 0 ? details : []);
  }
  if (origins.length === 0) told.addDetails(details);
}

/** Adds what the deltas lacked. False: they contradict the whole. */
function addWhole(told: ToldParts, { thinking: pieces, details, text: texts }: AnswerParts): boolean {
  const whole = { thinking: joined(pieces.map(({ literal }) => literal)), text: joined(texts) };
  const isFirst = told.said.text.length() + told.said.thinking.length() === 0;
  const missing = isFirst ? whole : missingParts(told.said, whole);
  if (missing === undefined) return false;
  if (isFirst) for (const { literal, origin } of pieces) told.addThinking(literal, origin);
  else told.addThinking(missing.thinking, pieces[0]?.origin ?? '');
  if (isFirst) told.addDetails(details);
  told.addText(missing.text);
  if (!isFirst) told.addDetails(details.filter((detail) => told.lacksDetail(detail)));
  return true;
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
