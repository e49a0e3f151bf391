import { bytesToString } from '@ccg/wire';

/** What a stream did that its grammar does not allow. The names are counted: never rename one. */
export type GrammarRule =
  /** Something else came before `message_start`. */
  | 'before_start'
  | 'second_start'
  /** A block began before the last one had stopped. */
  | 'nested_block'
  /** A block began with an index that does not follow. */
  | 'index_gap'
  /** A delta or a stop of a block that is not open. */
  | 'outside_block'
  /** The message ended inside a block. */
  | 'open_block'
  /** `message_stop` without `message_delta`, and so without a stop reason. */
  | 'no_stop_reason'
  /** Something came after the end. */
  | 'after_end'
  /** A stream that counts as complete did not end. */
  | 'unfinished';

/** Holds what is sent to a client to the grammar of its streams. It looks at the order of events and at nothing else. */
export interface StreamGrammar {
  /** Takes whole frames, in the order in which they are sent. */
  check(frames: string | Uint8Array): void;
  /** The stream counts as complete. */
  complete(): void;
  /** As the last `message_delta` said it. */
  stopReason(): string | undefined;
  /** The rule that the stream broke first. */
  brokenRule(): GrammarRule | undefined;
}

/**
 * Calls back for the first fault of a stream, once: what comes after one is no news. Almost all frames are deltas of the
 * open block, which are recognised by how they begin.
 */
export function createStreamGrammar(onViolation: (rule: GrammarRule) => void): StreamGrammar {
  const state: GrammarState = { phase: 'before', blocks: 0, isOpen: false, stopReason: undefined };
  let broken: GrammarRule | undefined;
  let hasCarriageReturns: boolean | undefined;

  function fail(rule: GrammarRule | undefined): void {
    if (rule === undefined || broken !== undefined) return;
    broken = rule;
    onViolation(rule);
  }

  return {
    check(frames) {
      if (broken !== undefined) return;
      const sent = typeof frames === 'string' ? frames : bytesToString(frames);
      hasCarriageReturns ??= sent.includes('\r');
      const text = hasCarriageReturns ? sent.replaceAll(/\r\n?/gu, '\n') : sent;
      for (let at = 0; at < text.length && broken === undefined;) {
        const run = deltasAt(text, at);
        const end = run?.end ?? endOfFrame(text, at);
        fail(run === undefined ? takeFrame(state, text.slice(at, end)) : addDeltas(state, run.index));
        at = end;
      }
    },
    complete() {
      if (state.phase !== 'over') fail('unfinished');
    },
    stopReason: () => state.stopReason,
    brokenRule: () => broken,
  };
}

/** Deltas of one block in a row, which is what nearly all of a stream is. */
const deltaRun =
  /event: content_block_delta\ndata: \{"type":"content_block_delta","index":(\d+),[^\n]*\n\n(?:event: content_block_delta\ndata: \{"type":"content_block_delta","index":\1,[^\n]*\n\n)*/y;

/** The deltas that begin here, in their usual form. One pattern takes a third of the time of looking at each. */
function deltasAt(text: string, at: number): { readonly index: number; readonly end: number } | undefined {
  deltaRun.lastIndex = at;
  const index = deltaRun.exec(text)?.[1];
  return index === undefined ? undefined : { index: Number(index), end: deltaRun.lastIndex };
}

function endOfFrame(text: string, from: number): number {
  const blank = text.indexOf('\n\n', from);
  return blank === -1 ? text.length : blank + 2;
}

/** The events of a stream so far. */
interface GrammarState {
  phase: 'before' | 'content' | 'delta' | 'over';
  blocks: number;
  /** Whether the last block has not stopped yet. */
  isOpen: boolean;
  stopReason: string | undefined;
}

type Step = (state: GrammarState, frame: string) => GrammarRule | undefined;

/** Events of other names are left alone: the API may get new ones. */
const steps = new Map<string, Step>([
  ['message_start', startMessage],
  ['content_block_start', startBlock],
  ['content_block_delta', addDelta],
  ['content_block_stop', stopBlock],
  ['message_delta', endMessage],
  ['message_stop', stopMessage],
  ['error', breakOff],
]);

function takeFrame(state: GrammarState, frame: string): GrammarRule | undefined {
  const name = nameOf(frame);
  if (name === undefined) return undefined;
  return state.phase === 'over' ? 'after_end' : steps.get(name)?.(state, frame);
}

function startMessage(state: GrammarState): GrammarRule | undefined {
  if (state.phase !== 'before') return 'second_start';
  state.phase = 'content';
  return undefined;
}

function startBlock(state: GrammarState, frame: string): GrammarRule | undefined {
  const { phase, blocks, isOpen } = state;
  if (phase !== 'content') return phase === 'before' ? 'before_start' : 'after_end';
  if (isOpen) return 'nested_block';
  if (indexIn(frame) !== blocks) return 'index_gap';
  state.isOpen = true;
  state.blocks += 1;
  return undefined;
}

function addDelta(state: GrammarState, frame: string): GrammarRule | undefined {
  return addDeltas(state, indexIn(frame));
}

function addDeltas({ phase, blocks, isOpen }: GrammarState, index: number): GrammarRule | undefined {
  if (phase === 'over') return 'after_end';
  return isOpen && index === blocks - 1 ? undefined : 'outside_block';
}

function stopBlock(state: GrammarState, frame: string): GrammarRule | undefined {
  const fault = addDelta(state, frame);
  state.isOpen = false;
  return fault;
}

function endMessage(state: GrammarState, frame: string): GrammarRule | undefined {
  if (state.phase === 'before') return 'before_start';
  if (state.isOpen) return 'open_block';
  state.stopReason = stopReasonIn(frame) ?? state.stopReason;
  state.phase = 'delta';
  return undefined;
}

function stopMessage(state: GrammarState): GrammarRule | undefined {
  if (state.phase !== 'delta') return 'no_stop_reason';
  state.phase = 'over';
  return undefined;
}

function breakOff(state: GrammarState): undefined {
  state.phase = 'over';
}

const stopReasonName = '"stop_reason"';

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The last one: what stands before it may be the input of a tool. */
export function stopReasonIn(json: string | Uint8Array): string | undefined {
  const from = typeof json === 'string' ? json.lastIndexOf(stopReasonName) : bufferOf(json).lastIndexOf(stopReasonName);
  if (from === -1) return undefined;
  const found =
    typeof json === 'string' ? json.slice(from, from + 100) : bytesToString(json.subarray(from, from + 100));
  return /^"stop_reason"\s*:\s*"(\w{1,64})"/u.exec(found)?.[1];
}

/** The name of an event; undefined for comments. */
function nameOf(frame: string): string | undefined {
  const [, named] = /(?:^|\n)event: ?(\w+)/u.exec(frame) ?? [];
  return named ?? /(?:^|\n)data:.*?"type"\s*:\s*"(\w+)"/u.exec(frame)?.[1];
}

/** Quotes within texts are escaped, so the first that is not is the event's own. */
function indexIn(frame: string): number {
  return Number(/"index"\s*:\s*(\d+)/u.exec(frame)?.[1]);
}
