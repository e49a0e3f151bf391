import { isJsonObject, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { isBlank } from '../json-literal.ts';
import {
  appendToolInput,
  areWholeInputs,
  beginsAnew,
  isSameInput,
  isVacant,
  missingInput,
  newToolInput,
} from './tool-input.ts';
import type { ToolInput } from './tool-input.ts';

/** One delta of a tool call. Members that it lacks are undefined. Texts are contents of JSON string literals. */
export interface ToolFragment {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly input: string | undefined;
  /** Whether this is the whole call, as in an answer that is not a stream. */
  readonly whole: boolean;
  /** Members that the dialect does not have. */
  readonly members?: JsonObject | undefined;
}

/** One tool call, as far as it has arrived. */
export interface ToolCall {
  id: string;
  name: string;
  readonly index: number | undefined;
  /** Whether nothing more of it can come. */
  readonly whole: boolean;
  input: ToolInput;
  /** Replaced when more of them come. */
  members: JsonObject | undefined;
  /** Another value after complete arguments: the same ones once more, or those of another call. */
  next: { readonly input: ToolInput; readonly id: string | undefined; name: string | undefined } | undefined;
  /** Pieces that each begin with all arguments before them: they may be all arguments so far, again and again. */
  readonly wholes: string[];
}

/** The calls of one answer, told apart. */
export interface ToolCalls {
  /** Adds the fragment and returns the calls that it belongs to: more than one if it has the arguments of several. */
  add(fragment: ToolFragment): readonly ToolCall[];
  /** Adds what the calls so far lack of these, which are all calls of the answer. Undefined: they contradict each other. */
  complete(whole: readonly ToolFragment[]): readonly ToolCall[] | undefined;
  /** Whether these are all calls so far once more. */
  areRepeated(fragments: readonly ToolFragment[]): boolean;
  /** Nothing more comes. Returns calls that are new or broken. */
  settle(): readonly ToolCall[];
}

/**
 * Tells tool calls apart. Servers give all parallel calls the index 0, repeat the id or the name on every
 * fragment, make a new id for every fragment, leave the id empty after the first, send neither id nor index, send an empty object before the arguments or
 * all arguments once more after them. So an id counts most, then the index, then the order. Another name is the next call,
 * and so are other arguments after complete ones if they came with a name.
 */
export function createToolCalls(isDeclared: CallIndex['isDeclared'] = () => true): ToolCalls {
  const index: CallIndex = { all: [], byId: new Map(), byIndex: new Map(), latest: undefined, isDeclared };
  return {
    add: (fragment) => addFragment(index, fragment),
    complete: (whole) => completeCalls(index, whole),
    areRepeated: (fragments) =>
      fragments.length === index.all.length &&
      fragments.every((fragment, at) => {
        const call = index.all[at];
        return call !== undefined && call.index === fragment.index && isSameCall(call, fragment);
      }),
    settle: () =>
      index.all.flatMap((call) => {
        settleWholes(call);
        const settled = call.next === undefined ? call : settleNext(index, call);
        return settled !== call || call.input.scan.broken ? [settled] : [];
      }),
  };
}

interface CallIndex {
  readonly all: ToolCall[];
  readonly byId: Map<string, ToolCall>;
  readonly byIndex: Map<number, ToolCall>;
  latest: ToolCall | undefined;
  /** Whether the client has a tool of this name, the content of a string literal. */
  isDeclared(this: void, name: string): boolean;
}

function addFragment(index: CallIndex, fragment: ToolFragment): readonly ToolCall[] {
  let call = findCall(index, fragment) ?? newCall(index, fragment);
  register(index, call, fragment);
  const touched = [call];
  let rest = fragment.input ?? '';
  if (rest !== '' && !fragment.whole) {
    const before = call.wholes.at(-1);
    if (before === undefined ? beginsAnew(call.input, rest) : rest.startsWith(before)) {
      call.wholes.push(rest);
      return touched;
    }
    rest = call.wholes.splice(0).join('') + rest;
  }
  while (rest !== '' && !call.input.scan.broken) {
    if (call.next === undefined) {
      rest = appendToolInput(call.input, rest);
      // What begins after the end of the value replaces it if it only held the place of the arguments.
      if (rest !== '' && isVacant(call.input)) call.input = newToolInput();
      else if (rest !== '') call.next = { input: newToolInput(), id: fragment.id, name: fragment.name };
      continue;
    }
    call.next.name ??= fragment.name;
    rest = appendToolInput(call.next.input, rest);
    const { complete, broken } = call.next.input.scan;
    if (!complete && !broken && rest === '') break;
    const settled = settleNext(index, call);
    if (settled !== call) touched.push(settled);
    call = settled;
  }
  return touched;
}

/** Judges the value after complete arguments. Returns the call, or the one that begins with that value. */
function settleNext(index: CallIndex, call: ToolCall): ToolCall {
  const { next } = call;
  call.next = undefined;
  if (next === undefined || isVacant(next.input) || isSameInput(call.input, next.input)) return call;
  const { input, id, name } = next;
  if (name === undefined) {
    call.input.scan.broken ||= !index.all.some((other) => isSameInput(other.input, input));
    return call;
  }
  const fragment = { index: call.index, id, name, input: undefined, whole: false };
  const another = newCall(index, fragment);
  another.input = input;
  register(index, another, fragment);
  return another;
}

/** Judges pieces that each begin with all arguments before them, as nothing follows. */
function settleWholes({ input, wholes }: ToolCall): void {
  const pieces = wholes.splice(0);
  if (pieces.length === 0) return;
  const rest = areWholeInputs(input, pieces) ? (pieces.at(-1) ?? '').slice(input.length) : pieces.join('');
  if (appendToolInput(input, rest) !== '') input.scan.broken = true;
}

/** The name of a call that came in pieces, or as the whole so far. Undefined: the fragment has the name of another call. */
function wholeName({ isDeclared }: CallIndex, call: ToolCall, { index, id, name }: ToolFragment): string | undefined {
  const isPlaced = index !== undefined && index === call.index && (id === undefined || id === call.id);
  if (!isPlaced || name === undefined || call.name === '' || name === call.name || call.input.length > 0)
    return undefined;
  if (name.startsWith(call.name) && isDeclared(name) && !isDeclared(call.name)) return name;
  const joined = call.name + name;
  return !isDeclared(name) && (isDeclared(joined) || !isDeclared(call.name)) ? joined : undefined;
}

function findCall(calls: CallIndex, fragment: ToolFragment): ToolCall | undefined {
  const { byId, byIndex, latest } = calls;
  if (fragment.whole) return undefined;
  const { index, id } = fragment;
  const atIndex = index === undefined ? undefined : byIndex.get(index);
  const known = id === undefined ? undefined : atIndex?.id === id ? atIndex : byId.get(id);
  const candidate = known ?? (index === undefined ? latest : atIndex);
  if (candidate !== undefined) {
    const name = wholeName(calls, candidate, fragment);
    if (name !== undefined) {
      candidate.name = name;
      return candidate;
    }
  }
  if (candidate === undefined || startsAnother(candidate, fragment, atIndex)) return undefined;
  // A new id is another call, unless the call had no id so far.
  const isPlaced = known !== undefined || id === undefined || candidate.id === '';
  return isPlaced || goesOn(candidate, fragment) ? candidate : undefined;
}

/**
 * Whether the fragment can only be the next piece of the call: its arguments have not ended, and no call begins like this.
 * Some servers make a new id for every piece.
 */
function goesOn({ input: { scan } }: ToolCall, { name, input = '' }: ToolFragment): boolean {
  if (scan.first === '' || scan.complete || scan.broken || isBlank(input)) return false;
  return name === undefined || !/^\s*(?:[[{]|null|\\*"\s*\{)/u.test(input);
}

function startsAnother(call: ToolCall, fragment: ToolFragment, atIndex: ToolCall | undefined): boolean {
  if (fragment.name === undefined || call.name === '') return false;
  if (fragment.name !== call.name) return true;
  // Some servers give all calls one id.
  if (fragment.index !== undefined && atIndex === undefined && call.index !== undefined) return true;
  const isPlaced = fragment.index !== undefined || fragment.id !== undefined;
  return !isPlaced && call.input.scan.complete && !isBlank(fragment.input ?? '');
}

function newCall({ all }: CallIndex, { index, whole }: ToolFragment): ToolCall {
  const call: ToolCall = {
    id: '',
    name: '',
    index,
    whole,
    input: newToolInput(),
    members: undefined,
    next: undefined,
    wholes: [],
  };
  all.push(call);
  return call;
}

function register(index: CallIndex, call: ToolCall, fragment: ToolFragment): void {
  index.latest = call;
  if (fragment.index !== undefined) index.byIndex.set(fragment.index, call);
  if (fragment.id !== undefined) {
    if (call.id === '') call.id = fragment.id;
    index.byId.set(fragment.id, call);
  }
  // A name that comes again is the whole name, never the next piece of it.
  if (call.name === '' && fragment.name !== undefined) call.name = fragment.name;
  addMembers(call, fragment);
}

function addMembers(call: ToolCall, { members }: ToolFragment): void {
  if (members === undefined) return;
  const merged = merge(call.members ?? {}, members);
  // Many servers repeat them with every piece.
  if (call.members === undefined || writeJson(merged) !== writeJson(call.members)) call.members = merged;
}

/** The later value counts, member by member. */
function merge(before: JsonObject, more: JsonObject): JsonObject {
  const added = Object.entries(more).map(([name, value]): [string, JsonValue | undefined] => {
    const known = before[name];
    return [name, isJsonObject(known) && isJsonObject(value) ? merge(known, value) : value];
  });
  return { ...before, ...Object.fromEntries(added) };
}

/** Ids do not count here: servers make new ones for a snapshot. */
function completeCalls(index: CallIndex, whole: readonly ToolFragment[]): readonly ToolCall[] | undefined {
  for (const call of index.all) settleWholes(call);
  const open = new Set(index.all);
  const take = (isMatch: (call: ToolCall) => boolean) => {
    const match = [...open].find(isMatch);
    if (match !== undefined) open.delete(match);
    return match;
  };
  const unmatched = whole.filter((fragment) => {
    const same = take((call) => isSameCall(call, fragment));
    if (same !== undefined) addMembers(same, fragment);
    return same === undefined;
  });
  const touched: ToolCall[] = [];
  for (const fragment of unmatched) {
    const call = take((candidate) => canComplete(candidate, fragment));
    if (call === undefined && open.size > 0) return undefined;
    if (call === undefined) touched.push(...addFragment(index, fragment));
    else touched.push(fillCall(call, fragment));
  }
  return touched;
}

function isSameCall(call: ToolCall, fragment: ToolFragment): boolean {
  return call.name === fragment.name && isSameInput(call.input, inputOf(fragment));
}

/** Whether the call may be the beginning of this one, or this one a call whose arguments were left out. */
function canComplete({ name, input }: ToolCall, fragment: ToolFragment): boolean {
  if (name !== '' && name !== fragment.name) return false;
  if (isVacant(input) || isVacant(inputOf(fragment))) return true;
  return !input.scan.complete && missingInput(input, fragment.input ?? '') !== undefined;
}

function fillCall(call: ToolCall, fragment: ToolFragment): ToolCall {
  if (call.id === '') call.id = fragment.id ?? '';
  if (call.name === '') call.name = fragment.name ?? '';
  addMembers(call, fragment);
  if (isVacant(inputOf(fragment))) return call;
  if (isVacant(call.input)) call.input = inputOf(fragment);
  else appendToolInput(call.input, missingInput(call.input, fragment.input ?? '') ?? '');
  return call;
}

function inputOf({ input }: ToolFragment): ToolInput {
  const whole = newToolInput();
  if (appendToolInput(whole, input ?? '') !== '') whole.scan.broken = true;
  return whole;
}
