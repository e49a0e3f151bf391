import type { ThinkTags } from '@ccg/catalog';
import { isBlank, withoutLeadingBlanks } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { withoutRepeatedReasoning } from './repeated-reasoning.ts';
import type { ReasoningEncoder } from './repeated-reasoning.ts';

const openTag = /^(?:[ \t]|\\[nrt])*(?:<|\\u003[cC])think(?:>|\\u003[eE])/u;
const closeTag = /(?:<|(?<!\\)\\u003[cC])\\?\/think(?:>|\\u003[eE])/u;
/** The beginning of a closing tag at the end of a text; escapes are never cut by a chunk. */
const closeTagBegins = /(?:<|(?<!\\)\\u003[cC])(?:\\?\/(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?)?$/u;
/** As long as the longest form of the opening tag; white space before it comes on top. */
const openTagLength = '\\u003cthink\\u003e'.length;

/**
 * Moves reasoning between `<think>` and `</think>` out of the text. Only a tag that begins the answer counts, so that
 * an answer that speaks of the tag stays whole. Where a server also sends the reasoning in a member of its own, only tags
 * count between which the same is said: that is left out.
 */
export function withThinkTags(inner: Encoder, tags: ThinkTags): Encoder {
  const encoder = withoutRepeatedReasoning(inner);
  const splitter = createSplitter(encoder, tags);
  return {
    ...encoder,
    text: splitter.text,
    thinking(literal, origin) {
      encoder.thinking(literal, origin);
      if (literal !== '') splitter.toldElsewhere();
    },
    toolCall(fragment) {
      splitter.release();
      encoder.toolCall(fragment);
    },
    wholeCalls(calls) {
      if (calls.length > 0) splitter.release();
      encoder.wholeCalls(calls);
    },
    lastCalls(fragments) {
      if (fragments.length > 0) splitter.release();
      encoder.lastCalls(fragments);
    },
    finish(finish) {
      splitter.release();
      encoder.finish(finish);
    },
    marker() {
      splitter.release();
      encoder.marker();
    },
    end() {
      splitter.release();
      encoder.end();
    },
  };
}

interface Splitter {
  text(this: void, literal: string): void;
  /** The held text is what it looks like; the search goes on. */
  release(this: void): void;
  /** Reasoning came in a member of its own. */
  toldElsewhere(this: void): void;
}

interface SplitterState {
  readonly encoder: ReasoningEncoder;
  readonly tags: ThinkTags;
  phase: 'start' | 'unopened' | 'inside' | 'after' | 'over';
  held: string;
  /** The opening tag. It is text if what follows is not the reasoning that was told elsewhere. */
  tag: string;
  /** Compares the held text, from `compared` on, with reasoning that was told elsewhere. Undefined: there is none. */
  repeats: ((literal: string) => boolean) | undefined;
  compared: number;
}

function createSplitter(encoder: ReasoningEncoder, tags: ThinkTags): Splitter {
  const state: SplitterState = {
    encoder,
    tags,
    phase: 'start',
    held: '',
    tag: '',
    repeats: undefined,
    compared: 0,
  };
  return {
    text(literal) {
      if (state.phase === 'over') {
        encoder.text(literal);
        return;
      }
      state.held += literal;
      if (state.phase === 'start') findOpen(state);
      if (state.phase === 'inside' || state.phase === 'unopened') findClose(state);
      if (state.phase === 'after') skipBlanks(state);
    },
    release() {
      if (state.phase === 'inside') encoder.thinking(state.held, 'content');
      else giveUp(state);
      state.held = '';
      state.compared = 0;
    },
    toldElsewhere() {
      if (state.held === '') return;
      if (state.phase === 'start' && isBlank(state.held)) {
        encoder.text(state.held);
        state.held = '';
      }
      if (state.phase !== 'unopened') return;
      state.repeats = encoder.beginRepeat();
      state.compared = state.held.length;
      if (state.repeats?.(state.held) === false) giveUp(state);
    },
  };
}

function findOpen(state: SplitterState): void {
  const { encoder, tags, held } = state;
  state.repeats = encoder.beginRepeat();
  const mayBeTagged = tags !== 'none' || state.repeats !== undefined;
  const opened = mayBeTagged ? openTag.exec(held) : null;
  if (opened !== null) {
    [state.tag] = opened;
    state.held = held.slice(state.tag.length);
    state.phase = 'inside';
  } else if (!isBlank(held) && !(mayBeTagged && mayOpen(held))) {
    if (tags === 'unopened') state.phase = 'unopened';
    else giveUp(state);
  }
}

function findClose(state: SplitterState): void {
  const { encoder, held, repeats, compared } = state;
  const rest = held.slice(compared);
  const closed = closeTag.exec(rest);
  const length = (closed ?? closeTagBegins.exec(rest))?.index ?? rest.length;
  const end = compared + length;
  state.compared = end;
  if (repeats?.(rest.slice(0, length)) === false) {
    giveUp(state);
    return;
  }
  // What repeats other reasoning is told only once that is certain.
  if (closed === null && (state.phase === 'unopened' || repeats !== undefined)) return;
  encoder.thinking(held.slice(0, end), 'content');
  state.held = held.slice(end + (closed?.[0].length ?? 0));
  state.compared = 0;
  if (closed !== null) state.phase = 'after';
}

/** Empty lines between the tag and the answer belong to neither. */
function skipBlanks(state: SplitterState): void {
  state.tag = '';
  state.held = withoutLeadingBlanks(state.held);
  if (state.held !== '') giveUp(state);
}

function giveUp(state: SplitterState): void {
  state.phase = 'over';
  state.encoder.text(state.tag + state.held);
  state.held = '';
  state.tag = '';
}

/** Whether more text could still make this an opening tag. */
function mayOpen(literal: string): boolean {
  const text = withoutLeadingBlanks(literal);
  if (text.length >= openTagLength) return false;
  return '<think>'.startsWith(text.replace(/^\\u003[cC]/u, '<'));
}
