import { isText, RawText, writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { Encoder } from '../encoder.ts';
import { contradictionError } from '../stream-errors.ts';
import { createDeltaReader } from './told-deltas.ts';
import type { DeltaReader } from './told-deltas.ts';
import { createTranscript } from './transcript.ts';
import type { Transcript } from './transcript.ts';

/**
 * The text and the reasoning of an answer, each told once to the encoder, whether their deltas are pieces or the whole so
 * far. Texts are contents of JSON string literals.
 */
export interface ToldParts {
  readonly said: Readonly<Record<'text' | 'thinking', Transcript>>;
  text(this: void, literal: string): void;
  thinking(this: void, literal: string, origin: string, details: readonly JsonObject[]): void;
  /** A block of this kind begins, with this text. */
  begin(this: void, kind: 'text' | 'thinking', literal: string): void;
  /**
   * Judges the latest deltas, since what follows does not tell what they are. `isLast`: they came with the finish reason.
   * Returns whether the text was told again.
   */
  settle(this: void, isLast?: boolean): boolean;
  /** A part follows that is neither text nor reasoning. */
  leave(this: void): void;
  /** Adds what is known to be new. */
  addText(this: void, literal: string): void;
  addThinking(this: void, literal: string, origin: string): void;
  addDetails(this: void, details: readonly JsonObject[]): void;
  /** Whether a detail is new. Readable ones hold the text of the reasoning, which is compared apart from them. */
  lacksDetail(this: void, detail: JsonObject): boolean;
}

/** The reasoning that came in one member of the answer. */
interface Thought {
  readonly said: Transcript;
  readonly reader: DeltaReader;
  /** Those of the deltas that are held. */
  readonly details: (readonly JsonObject[])[];
}

interface State {
  readonly encoder: Encoder;
  readonly said: ToldParts['said'];
  readonly details: Set<string>;
  readonly textReader: DeltaReader;
  readonly thoughts: Map<string, Thought>;
}

/** `provider` is named in errors. */
export function createToldParts(encoder: Encoder, provider: string): ToldParts {
  const said = { text: createTranscript(), thinking: createTranscript() };
  const textReader = createDeltaReader(said.text);
  const state: State = { encoder, said, details: new Set(), textReader, thoughts: new Map() };
  return {
    said,
    text(literal) {
      if (literal === '') return;
      settleThinking(state, false);
      const added = textReader.take(literal);
      if (added === undefined) encoder.fail(contradictionError(provider));
      else addText(state, added);
    },
    thinking(literal, origin, details) {
      const thought = thoughtOf(state, origin);
      const added = thought.reader.take(literal);
      thought.details.push(details);
      if (added === undefined) encoder.fail(contradictionError(provider));
      else if (!thought.reader.isHolding()) tellThought(state, thought, added, origin);
    },
    begin(kind, literal) {
      leave(state);
      const reader = kind === 'text' ? textReader : thoughtOf(state, '').reader;
      reader.begin(literal);
      if (kind === 'text') addText(state, literal);
      else addThinking(state, literal, '');
    },
    settle(isLast = false) {
      const isAgain = textReader.isHolding();
      settleThinking(state, isLast);
      settleText(state, isLast);
      return isAgain && textReader.hasWholes();
    },
    leave: () => {
      leave(state);
    },
    addText: (literal) => {
      addText(state, literal);
    },
    addThinking: (literal, origin) => {
      addThinking(state, literal, origin);
    },
    addDetails: (details) => {
      addDetails(state, details);
    },
    lacksDetail: (detail) =>
      state.details.size === 0 ||
      (!state.details.has(writeJson(detail)) && detail['text'] === undefined && detail['summary'] === undefined),
  };
}

function addText({ encoder, said, thoughts }: State, literal: string): void {
  if (literal === '') return;
  if (thoughts.size > 0) for (const { reader } of thoughts.values()) reader.leave();
  said.text.add(literal);
  encoder.text(literal);
}

function addThinking(state: State, literal: string, origin: string): void {
  if (literal === '') return;
  settleText(state, false);
  state.textReader.leave();
  for (const [other, { reader }] of state.thoughts) if (other !== origin) reader.leave();
  thoughtOf(state, origin).said.add(literal);
  state.said.thinking.add(literal);
  state.encoder.thinking(literal, origin);
}

function addDetails(state: State, details: readonly JsonObject[]): void {
  if (details.length === 0) return;
  for (const detail of details) state.details.add(writeJson(detail));
  state.encoder.reasoningDetails(details);
}

function tellThought(state: State, { reader, details }: Thought, added: string, origin: string): void {
  const held = details.splice(0);
  addThinking(state, added, origin);
  addDetails(state, reader.hasWholes() ? newDetails(held.at(-1) ?? [], added, state.details) : held.flat());
}

function settleThinking(state: State, isLast: boolean): void {
  if (state.thoughts.size === 0) return;
  for (const [origin, thought] of state.thoughts) {
    if (thought.reader.isHolding()) tellThought(state, thought, thought.reader.settle(isLast), origin);
  }
}

function settleText(state: State, isLast: boolean): void {
  if (state.textReader.isHolding()) addText(state, state.textReader.settle(isLast));
}

function leave(state: State): void {
  settleThinking(state, false);
  settleText(state, false);
  state.textReader.leave();
  for (const { reader } of state.thoughts.values()) reader.leave();
}

function thoughtOf({ thoughts }: State, origin: string): Thought {
  const known = thoughts.get(origin);
  if (known !== undefined) return known;
  const said = createTranscript();
  const thought: Thought = { said, reader: createDeltaReader(said), details: [] };
  thoughts.set(origin, thought);
  return thought;
}

/** The details of a delta that is the whole reasoning so far: of their texts only what is new. */
function newDetails(details: readonly JsonObject[], added: string, said: ReadonlySet<string>): readonly JsonObject[] {
  const field = (detail: JsonObject) => (['text', 'summary'] as const).find((name) => isText(detail[name]));
  const first = details.find((detail) => field(detail) !== undefined);
  return details.flatMap((detail) => {
    const name = field(detail);
    if (name === undefined) return said.has(writeJson(detail)) ? [] : [detail];
    return detail === first ? [{ ...detail, [name]: new RawText(added, 0, added.length) }] : [];
  });
}
