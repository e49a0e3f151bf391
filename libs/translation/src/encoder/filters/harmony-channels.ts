import { isBlank } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';

/**
 * Takes apart an answer in the format of gpt-oss, which some servers pass on as text:
 * `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`. The channel `analysis` is reasoning,
 * and the markers are no text. Only a marker that begins the answer counts. A message to a tool stays as it was written.
 */
export function withHarmonyChannels(encoder: Encoder): Encoder {
  const state: State = { encoder, phase: 'start', held: '', channel: 'text', hasMessage: false };
  const release = () => {
    // A header that nothing follows is no text, unless it is the first.
    if (state.phase !== 'header' || !state.hasMessage) give(state, state.held);
    state.held = '';
  };
  return {
    ...encoder,
    text(literal) {
      if (state.phase === 'over') encoder.text(literal);
      else take(state, literal);
    },
    thinking(literal, origin) {
      if (literal !== '') release();
      encoder.thinking(literal, origin);
    },
    toolCall(fragment) {
      release();
      encoder.toolCall(fragment);
    },
    wholeCalls(calls) {
      if (calls.length > 0) release();
      encoder.wholeCalls(calls);
    },
    lastCalls(fragments) {
      if (fragments.length > 0) release();
      encoder.lastCalls(fragments);
    },
    finish(finish) {
      release();
      encoder.finish(finish);
    },
    marker() {
      release();
      encoder.marker();
    },
    end() {
      release();
      encoder.end();
    },
  };
}

interface State {
  readonly encoder: Encoder;
  /** In a header stand the channel and the recipient of a message; `over`: this is no such answer. */
  phase: 'start' | 'header' | 'message' | 'over';
  /** The content of a string literal. */
  held: string;
  channel: 'text' | 'thinking';
  hasMessage: boolean;
}

const left = String.raw`(?:<|(?<!\\)\\u003c)`;
const right = String.raw`(?:>|\\u003e)`;
const begins = new RegExp(String.raw`^(?:[ \t]|\\[nrt])*${left}\|(?:start|channel)\|${right}`, 'u');
const mayBegin = new RegExp(String.raw`^(?:[ \t]|\\[nrt])*${left}(?:\|(?:[a-z]{0,7}\|?)?)?$`, 'u');
/** A header and the marker at its end; the groups are its channel and its recipient. */
const header = new RegExp(
  String.raw`^(?:[ \t]|\\[nrt])*(?:${left}\|start\|${right}[a-z]{0,12})?(?<before>[^<\\]{0,80})(?:${left}\|channel\|${right}(?<channel>[a-z]{1,20}))?(?<after>(?:(?!${left}\|message).){0,120})${left}\|message\|${right}`,
  'u',
);
const headerMaxLength = 300;
/** What ends a message: its own end, or the beginning of the next one. */
const ending = new RegExp(String.raw`${left}\|(?<name>end|return|call|start|channel)\|${right}`, 'u');
const mayEnd = new RegExp(String.raw`${left}(?:\|(?:[a-z]{0,7}\|?)?)?$`, 'u');

function take(state: State, literal: string): void {
  state.held += literal;
  if (state.phase === 'start') {
    if (begins.test(state.held)) state.phase = 'header';
    else if (!isBlank(state.held) && !mayBegin.test(state.held)) {
      state.phase = 'over';
      give(state, state.held);
      state.held = '';
    }
  }
  while (state.phase === 'header' ? takeHeader(state) : state.phase === 'message' && takeMessage(state));
}

/** Returns whether there may be more to take. */
function takeHeader(state: State): boolean {
  const found = header.exec(state.held);
  if (found === null) {
    if (isBlank(state.held) || (state.held.length <= headerMaxLength && isHeaderSoFar(state.held))) return false;
    // Text after the end of a message, or markers that mean something else.
    state.channel = 'text';
    state.phase = begins.test(state.held) ? 'over' : 'message';
    if (state.phase === 'message') return true;
    give(state, state.held);
    state.held = '';
    return false;
  }
  const { before = '', channel, after = '' } = found.groups ?? {};
  const isToTool = /\bto=/u.test(before + after);
  state.channel = channel === 'analysis' && !isToTool ? 'thinking' : 'text';
  state.phase = 'message';
  state.hasMessage = true;
  if (isToTool) give(state, found[0]);
  state.held = state.held.slice(found[0].length);
  return true;
}

function isHeaderSoFar(held: string): boolean {
  return begins.test(held) || mayBegin.test(held);
}

function takeMessage(state: State): boolean {
  const { held } = state;
  const found = ending.exec(held);
  const length = (found ?? mayEnd.exec(held))?.index ?? held.length;
  give(state, held.slice(0, length));
  state.held = held.slice(length);
  const name = found?.groups?.['name'];
  if (found === null || name === undefined) return false;
  state.phase = 'header';
  // The next message begins with this marker.
  if (name !== 'start' && name !== 'channel') state.held = state.held.slice(found[0].length);
  return true;
}

function give({ encoder, channel }: State, literal: string): void {
  if (literal === '') return;
  if (channel === 'thinking') encoder.thinking(literal, 'content');
  else encoder.text(literal);
}
