import type { ThinkTags } from '@ccg/catalog';
import { isBlank, withoutLeadingBlanks } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { anyTags, usualEnd, usualTags } from './reasoning-tags.ts';
import type { ClosingTag } from './reasoning-tags.ts';
import { withHarmonyChannels } from './harmony-channels.ts';
import { withoutRepeatedReasoning } from './repeated-reasoning.ts';
import type { ReasoningEncoder, Repeat } from './repeated-reasoning.ts';

/**
 * Moves reasoning between `<think>` and `</think>` out of the text. Only a tag that begins the answer counts, so that
 * an answer that speaks of the tag stays whole. Where a server also sends the reasoning in a member of its own, tags of any
 * name count between which the same is said, and a closing tag alone after the same: that is left out.
 */
function withThinkTags(inner: Encoder, tags: ThinkTags): Encoder {
  const encoder = withoutRepeatedReasoning(inner);
  const splitter = createSplitter(encoder, tags);
  return {
    ...encoder,
    text: splitter.text,
    thinking(literal, origin) {
      if (literal !== '') splitter.beforeMore();
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

/** Moves reasoning out of the text, however its model or server marks it there. */
export function withReasoningMarkers(inner: Encoder, tags: ThinkTags): Encoder {
  const encoder = withThinkTags(inner, tags);
  return tags === 'none' ? encoder : withHarmonyChannels(encoder);
}

interface Splitter {
  text(this: void, literal: string): void;
  /** The held text is what it looks like; the search goes on. */
  release(this: void): void;
  /** More reasoning comes in a member of its own: a text before it that has no tag is text. */
  beforeMore(this: void): void;
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
  end: ClosingTag;
  /** Compares the held text, from `compared` on, with reasoning that was told elsewhere. Undefined: there is none. */
  repeats: Repeat | undefined;
  compared: number;
}

function createSplitter(encoder: ReasoningEncoder, tags: ThinkTags): Splitter {
  const state: SplitterState = {
    encoder,
    tags,
    phase: 'start',
    held: '',
    tag: '',
    end: usualEnd,
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
      // A tag alone is text if the reasoning was told elsewhere.
      const isReasoning = state.phase === 'inside' && (state.repeats === undefined || state.held !== '');
      if (isReasoning) encoder.thinking(state.held, 'content');
      else giveUp(state);
      state.held = '';
      state.compared = 0;
    },
    beforeMore() {
      if (state.phase === 'unopened' && tags !== 'unopened' && state.held !== '') giveUp(state);
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
      if (!isRepeating(state, state.held)) giveUp(state);
    },
  };
}

function findOpen(state: SplitterState): void {
  const { encoder, tags, held } = state;
  state.repeats = encoder.beginRepeat();
  const { opened, openBegins } = state.repeats === undefined ? usualTags : anyTags;
  const mayBeTagged = tags !== 'none' || state.repeats !== undefined;
  const open = mayBeTagged ? opened(held) : undefined;
  if (open !== undefined) {
    [state.tag, state.end] = [open.tag, open.end];
    state.held = held.slice(state.tag.length);
    state.phase = 'inside';
  } else if (!isBlank(held) && !(mayBeTagged && openBegins.test(held))) {
    if (tags === 'unopened' || state.repeats !== undefined) state.phase = 'unopened';
    else giveUp(state);
  }
}

function findClose(state: SplitterState): void {
  const { encoder, held, repeats, compared, end } = state;
  const rest = held.slice(compared);
  const closed = end.close.exec(rest);
  const length = (closed ?? end.closeBegins.exec(rest))?.index ?? rest.length;
  state.compared = compared + length;
  if (!isRepeating(state, rest.slice(0, length))) {
    giveUp(state);
    return;
  }
  // What repeats other reasoning is told only once that is certain.
  if (closed === null && (state.phase === 'unopened' || repeats !== undefined)) return;
  encoder.thinking(held.slice(0, state.compared), 'content');
  state.held = held.slice(state.compared + (closed?.[0].length ?? 0));
  state.compared = 0;
  if (closed !== null) state.phase = 'after';
}

/** Whether a text can still be the reasoning that was told elsewhere, if any was. */
function isRepeating({ repeats, phase, tags }: SplitterState, literal: string): boolean {
  const place = repeats?.(literal) ?? 'within';
  // Without an opening tag it is text if it goes on where the reasoning has ended.
  return place === 'within' || (place === 'beyond' && (phase === 'inside' || tags === 'unopened'));
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
