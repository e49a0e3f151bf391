import { decodeLiteral, textLiteral } from '../../json-literal.ts';
import { areWholes, isCertain } from './restated-text.ts';
import type { Restatement } from './restated-text.ts';
import type { Transcript } from './transcript.ts';

/**
 * Reads the deltas of a text of which it is not known whether each is the next piece or the whole text so far. A delta that
 * begins with all of the text before it is held until what follows tells. Texts are contents of JSON string literals.
 */
export interface DeltaReader {
  /** Takes a delta and returns what it adds for certain. Undefined: it contradicts the wholes before it. */
  take(this: void, literal: string): string | undefined;
  /** Judges what is held, since something else follows. `isLast`: it came with the finish reason. Returns what it adds. */
  settle(this: void, isLast?: boolean): string;
  isHolding(this: void): boolean;
  /** Whether the deltas are wholes. */
  hasWholes(this: void): boolean;
  /** Something else than deltas of this text has followed. */
  leave(this: void): void;
  /** Another text begins, with this. Its deltas may begin with the same once more. */
  begin(this: void, literal: string): void;
}

interface State {
  readonly said: Transcript;
  /** Where in the transcript the text begins. */
  start: number;
  form: 'unknown' | 'wholes';
  /** In how many deltas the text came. */
  pieces: number;
  held: string[];
  heldLength: number;
  /** Whether something else followed the text, after which another may begin. */
  isApart: boolean;
  /** What the text began with, and how much of it the deltas have said again. */
  opening: { readonly text: string; again: string } | undefined;
}

/** More is not held: it is text then. */
const heldMaxLength = 4 * 1024 * 1024;

/** `said` is what was added so far, and grows with what is returned. */
export function createDeltaReader(said: Transcript): DeltaReader {
  const state: State = {
    said,
    start: 0,
    form: 'unknown',
    pieces: 0,
    held: [],
    heldLength: 0,
    isApart: false,
    opening: undefined,
  };
  return {
    take(literal) {
      if (literal === '') return '';
      if (state.opening !== undefined) return takeOfOpening(state, state.opening, literal);
      return state.form === 'wholes' ? takeWhole(state, literal) : takePiece(state, literal);
    },
    settle: (isLast = false) => settle(state, isLast),
    isHolding: () => state.held.length > 0 || (state.opening?.again ?? '') !== '',
    hasWholes: () => state.form === 'wholes',
    leave() {
      state.isApart = state.pieces > 0;
    },
    begin(literal) {
      restart(state);
      if (literal === '') return;
      state.pieces = 1;
      state.opening = { text: literal, again: '' };
    },
  };
}

function restart(state: State): void {
  const start = state.said.length();
  Object.assign(state, { start, form: 'unknown', pieces: 0, isApart: false, opening: undefined });
}

function textSoFar({ said, start }: State): string {
  return said.all()?.slice(start) ?? '';
}

function takePiece(state: State, literal: string): string {
  if (!mayBeWhole(state, literal)) {
    const released = release(state) + literal;
    state.pieces += 1;
    state.isApart = false;
    return released;
  }
  state.held.push(literal);
  state.heldLength += literal.length;
  const mayBeCertain = state.pieces === 1 && state.held.length >= certainMin;
  return mayBeCertain && isCertain(restatementOf(state)) ? lastWhole(state) : '';
}

function mayBeWhole(state: State, literal: string): boolean {
  const before = state.held.at(-1);
  if (state.pieces === 0 || literal.length < (before?.length ?? state.said.length() - state.start)) return false;
  return (
    state.heldLength + literal.length <= heldMaxLength && beyond(before ?? textSoFar(state), literal) !== undefined
  );
}

function takeWhole(state: State, literal: string): string | undefined {
  const text = textSoFar(state);
  const added = beyond(text, literal);
  if (added !== undefined) return added;
  if (isTrimmed(literal, text)) return '';
  if (!state.isApart) return undefined;
  restart(state);
  return takePiece(state, literal);
}

/** Takes a delta of a text whose beginning came apart from its deltas. */
function takeOfOpening(state: State, opening: NonNullable<State['opening']>, literal: string): string {
  const again = opening.again + literal;
  if (opening.text.startsWith(again) && again.length < opening.text.length) {
    opening.again = again;
    return '';
  }
  state.opening = undefined;
  // A first delta that goes beyond the opening is judged like any other.
  const isAgain = (opening.again !== '' || again === opening.text) && again.startsWith(opening.text);
  return takePiece(state, isAgain && isSaidAgain(opening.text) ? again.slice(opening.text.length) : again);
}

function settle(state: State, isLast: boolean): string {
  const { opening } = state;
  if (opening !== undefined && opening.again !== '') {
    state.opening = undefined;
    return opening.again;
  }
  if (state.held.length === 0) return '';
  if (!areWholes(restatementOf(state), isLast)) return release(state);
  const added = lastWhole(state);
  state.isApart = true;
  return added;
}

/** What is held is text. */
function release(state: State): string {
  const released = state.held.join('');
  state.pieces += state.held.length;
  [state.held, state.heldLength] = [[], 0];
  return released;
}

/** What the last of the deltas that are held has beyond the text. */
function lastWhole(state: State): string {
  const added = beyond(textSoFar(state), state.held.at(-1) ?? '') ?? '';
  Object.assign(state, { form: 'wholes', held: [], heldLength: 0, isApart: false });
  return added;
}

function restatementOf(state: State): Restatement {
  const { pieces, held, isApart } = state;
  return { said: decodeLiteral(textSoFar(state)), pieces, wholes: held.map(decodeLiteral), isApart };
}

/** So many deltas are held before they can be certain. */
const certainMin = 4;

/** Whether what the deltas of a text begin with is the opening once more, and no piece that happens to be the same. */
function isSaidAgain(opening: string): boolean {
  const said = decodeLiteral(opening);
  return areWholes({ said, pieces: 2, wholes: [said], isApart: false }, false);
}

/** What a whole has beyond a text. Undefined: it does not begin with it. */
function beyond(text: string, whole: string): string | undefined {
  if (whole.startsWith(text)) return whole.slice(text.length);
  // The same text may be written with other escapes.
  if (!text.includes('\\') && !whole.includes('\\')) return undefined;
  const [told, all] = [decodeLiteral(text), decodeLiteral(whole)];
  return all.startsWith(told) ? textLiteral(all.slice(told.length)) : undefined;
}

/** Whether a whole only lacks the white space at the end of the text. */
function isTrimmed(whole: string, text: string): boolean {
  return decodeLiteral(whole).trimEnd() === decodeLiteral(text).trimEnd();
}
