import { encodeText } from '@ccg/wire';
import type { Encoder } from '../../encoder.ts';
import { decodeLiteral, jsonLiteral, textLiteral } from '../../../json-literal.ts';
import { callForms } from './call-forms.ts';
import type { CallForm } from './call-forms.ts';
import type { CallableTools, TextCall } from './callable-tools.ts';
import { beginningAtEnd, literalPattern } from './literal-pattern.ts';

/**
 * Makes calls of the client's tools out of what a model wrote into its text because its server did not see that they
 * are calls. Text is held back from what may open a call to what closes it; what turns out to be anything else is
 * released as it came.
 */
export function withTextCalls(encoder: Encoder, tools: CallableTools): Encoder {
  const splitter = createCallSplitter(encoder, tools);
  return {
    ...encoder,
    text: splitter.text,
    thinking(literal, origin) {
      if (literal !== '') splitter.release();
      encoder.thinking(literal, origin);
    },
    toolCall(fragment) {
      splitter.settle();
      encoder.toolCall(fragment);
    },
    wholeCalls(calls) {
      if (calls.length > 0) splitter.settle();
      encoder.wholeCalls(calls);
    },
    lastCalls(fragments) {
      if (fragments.length > 0) splitter.settle();
      encoder.lastCalls(fragments);
    },
    finish(finish) {
      splitter.settle();
      encoder.finish(finish);
    },
    marker() {
      splitter.settle();
      encoder.marker();
    },
    end() {
      // The end of the body alone does not mean that the model has finished.
      splitter.release();
      encoder.end();
    },
  };
}

/** Separates calls from text. Texts are contents of JSON string literals. */
interface CallSplitter {
  text(this: void, literal: string): void;
  /** No more text belongs to the held text: it is a call, or text. */
  settle(this: void): void;
  /** The held text is text. */
  release(this: void): void;
}

/** Longer text is no call: it would reach the client late and all at once. */
const heldMaxLength = 4 * 1024 * 1024;

/** Enough for a name and white space. */
const beginsMaxLength = 512;

const openers = callForms.map((form) => ({ form, pattern: literalPattern(form.opener) }));
const opensAtEnd = beginningAtEnd(callForms.map(({ opener }) => opener));
/** As long as the longest closer with every character escaped. */
const closerMaxLength = 6 * 32;

interface OpenCall {
  readonly form: CallForm;
  readonly opener: string;
  /** Keeps the position up to which it has searched. */
  readonly closer: RegExp | undefined;
}

interface SplitterState {
  readonly encoder: Encoder;
  readonly tools: CallableTools;
  /** Text that may be a call, or the beginning of an opener. */
  held: string;
  /** The call whose opener begins the held text. */
  open: OpenCall | undefined;
}

function createCallSplitter(encoder: Encoder, tools: CallableTools): CallSplitter {
  const state: SplitterState = { encoder, tools, held: '', open: undefined };
  return {
    text(literal) {
      state.held += literal;
      for (let goesOn = true; goesOn;) {
        goesOn = state.open === undefined ? findOpener(state) : findCloser(state, state.open);
      }
    },
    settle() {
      const { open, held } = state;
      drop(state, held.length);
      if (open === undefined) pass(state, held);
      else take(state, open.form, { inner: held.slice(open.opener.length), whole: held }, false);
    },
    release() {
      const { held } = state;
      drop(state, held.length);
      pass(state, held);
    },
  };
}

/** Passes the text before an opener. Returns whether the rest must be searched for its closer. */
function findOpener(state: SplitterState): boolean {
  const { held } = state;
  const found = firstOpener(held);
  const end = found?.at ?? opensAtEnd.exec(held)?.index ?? held.length;
  pass(state, held.slice(0, end));
  drop(state, end);
  state.open = found?.call;
  return found !== undefined;
}

/** Makes a call of the text up to its closer. Returns whether the rest must be searched for an opener. */
function findCloser(state: SplitterState, { form, opener, closer }: OpenCall): boolean {
  const { held } = state;
  const end = closer?.exec(held) ?? null;
  if (end !== null) {
    const length = end.index + end[0].length;
    take(state, form, { inner: held.slice(opener.length, end.index), whole: held.slice(0, length) }, true);
    drop(state, length);
    return true;
  }
  if (closer !== undefined) closer.lastIndex = Math.max(opener.length, held.length - closerMaxLength);
  if (held.length <= heldMaxLength && form.begins.test(beginning(held, opener.length))) return false;
  // The opener is text. Another call may begin right after it.
  pass(state, opener);
  drop(state, opener.length);
  return true;
}

/** Forgets the beginning of the held text, and the call that it opens. */
function drop(state: SplitterState, length: number): void {
  state.held = state.held.slice(length);
  state.open = undefined;
}

function take(
  state: SplitterState,
  form: CallForm,
  { inner, whole }: { inner: string; whole: string },
  closed: boolean,
): void {
  const { encoder, tools } = state;
  const calls = form.read({ text: decodeLiteral(inner), closed }, tools.kindsOf);
  if (calls?.every(({ name }) => tools.isDeclared(name)) !== true) pass(state, whole);
  else for (const call of calls) encoder.toolCall(fragmentOf(call));
}

function pass({ encoder }: SplitterState, literal: string): void {
  if (literal !== '') encoder.text(literal);
}

/** The beginning of a string literal's content, without half of an escape. */
function beginning(literal: string, from: number): string {
  const start = literal.slice(from, from + beginsMaxLength);
  const [whole = ''] = /^(?:[^\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*/u.exec(start) ?? [];
  return decodeLiteral(whole);
}

function firstOpener(text: string): { readonly at: number; readonly call: OpenCall } | undefined {
  if (!/[<[]|\\u003[cC]/u.test(text)) return undefined;
  const found = openers.flatMap(({ form, pattern }) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ form, at: match.index, opener: match[0] }];
  });
  const [first] = found.toSorted((one, other) => one.at - other.at);
  if (first === undefined) return undefined;
  const { form, at, opener } = first;
  const closer = form.closer === undefined ? undefined : literalPattern(form.closer, 'gu');
  return { at, call: { form, opener, closer } };
}

function fragmentOf({ name, input }: TextCall) {
  const [nameLiteral, inputLiteral] = [textLiteral(name), jsonLiteral(encodeText(input))];
  return { index: undefined, id: undefined, name: nameLiteral, input: inputLiteral, whole: true };
}
