import fc from 'fast-check';

/** One event of a stream, its data as it stands on the wire. */
export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** What was done to a recorded stream, and how it arrives. Everything is data, so that a failure can be shrunk. */
export interface MutatedStream {
  /** Which stream of the material this is made of, and which is mixed in. */
  readonly base: number;
  readonly other: number;
  readonly mutations: readonly Mutation[];
  readonly style: Style;
  /** How much of the bytes arrives at all. */
  readonly arrives: number;
  /** Where the bytes are cut into chunks, as parts of the whole. */
  readonly cuts: readonly number[];
}

type Mutation =
  | { readonly kind: 'drop' | 'double' | 'end' | 'merge'; readonly at: number }
  | { readonly kind: 'move'; readonly at: number; readonly to: number }
  | { readonly kind: 'set'; readonly at: number; readonly path: readonly number[]; readonly value: unknown }
  | { readonly kind: 'rename'; readonly at: number; readonly path: readonly number[]; readonly name: string }
  | { readonly kind: 'remove'; readonly at: number; readonly path: readonly number[] }
  | { readonly kind: 'insert'; readonly at: number; readonly event: StreamEvent }
  | { readonly kind: 'interleave'; readonly at: number; readonly from: number; readonly count: number };

interface Style {
  readonly lineEnd: string;
  readonly space: string;
  readonly comments: boolean;
  readonly splitData: boolean;
  readonly byteOrderMark: boolean;
}

/** What a dialect's streams are made of: whole ones to begin with, and what servers put among their events. */
export interface StreamParts {
  readonly streams: readonly (readonly StreamEvent[])[];
  /** Whether each event is a line of JSON instead of an SSE event. */
  readonly inLines?: boolean;
  readonly strayEvents: readonly StreamEvent[];
  readonly fieldNames: readonly string[];
  readonly words: readonly string[];
}

const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  1,
  7,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  '\n'.repeat(600),
  '{',
  '}',
  '{"a":1}',
  '"{\\"a\\":1}"',
  '\ud83d',
  '\u0000',
  'é 😀',
  [],
  [[]],
  [null],
  {},
  { a: { b: [] } },
  JSON.parse('{"__proto__":{"index":0}}'),
];

/** Streams with events dropped, doubled, moved, merged and mixed, and with any field of any type in any place. */
export function mutatedStreams(parts: StreamParts): fc.Arbitrary<MutatedStream> {
  const at = fc.nat({ max: 60 });
  const path = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 7 });
  const value = fc.constantFrom(...oddValues, ...parts.words);
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    fc.record({ kind: fc.constantFrom('drop', 'double', 'end', 'merge'), at }),
    fc.record({ kind: fc.constant('move'), at, to: at }),
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), at, path, value }) },
    fc.record({ kind: fc.constant('rename'), at, path, name: fc.constantFrom(...parts.fieldNames) }),
    fc.record({ kind: fc.constant('remove'), at, path }),
    fc.record({ kind: fc.constant('insert'), at, event: fc.constantFrom(...parts.strayEvents) }),
    fc.record({ kind: fc.constant('interleave'), at, from: at, count: fc.integer({ min: 1, max: 12 }) }),
  );
  return fc.record({
    base: fc.nat({ max: parts.streams.length - 1 }),
    other: fc.nat({ max: parts.streams.length - 1 }),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 5 }),
    style: fc.record({
      lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
      space: fc.constantFrom(' ', ''),
      comments: fc.boolean(),
      splitData: fc.boolean(),
      byteOrderMark: fc.boolean(),
    }),
    arrives: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  });
}

/** The bytes of a mutated stream, whole and in its chunks. */
export function renderMutated(
  stream: MutatedStream,
  { streams, inLines = false }: StreamParts,
): { readonly bytes: Uint8Array; readonly chunks: Uint8Array[] } {
  let events = [...(streams[stream.base] ?? [])];
  for (const mutation of stream.mutations) events = mutate(events, mutation, streams[stream.other] ?? []);
  const text =
    (stream.style.byteOrderMark ? '\ufeff' : '') +
    events.map((event) => (inLines ? line(event, stream.style) : frame(event, stream.style))).join('');
  const all = Buffer.from(text, 'utf8');
  const bytes = all.subarray(0, Math.floor(stream.arrives * all.length));
  const places = stream.cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((one, two) => one - two);
  const borders = [0, ...places, bytes.length];
  return { bytes, chunks: borders.slice(1).map((border, index) => bytes.subarray(borders[index] ?? 0, border)) };
}

function mutate(events: StreamEvent[], mutation: Mutation, other: readonly StreamEvent[]): StreamEvent[] {
  if (events.length === 0) return events;
  const at = mutation.at % events.length;
  const event = events[at] ?? { name: '', data: '' };
  switch (mutation.kind) {
    case 'drop':
      return events.toSpliced(at, 1);
    case 'double':
      return events.toSpliced(at, 0, event);
    case 'end':
      return events.slice(0, at);
    case 'merge':
      return events.toSpliced(at, 2, mergeEvents(event, events[at + 1]));
    case 'move':
      return events.toSpliced(at, 1).toSpliced(mutation.to % events.length, 0, event);
    case 'set':
      return events.with(
        at,
        changeData(event, (tree) => changeAt(tree, mutation.path, () => mutation.value)),
      );
    case 'rename':
      return events.with(
        at,
        changeData(event, (tree) => renameAt(tree, mutation.path, mutation.name)),
      );
    case 'remove':
      return events.with(
        at,
        changeData(event, (tree) => changeAt(tree, mutation.path, () => undefined)),
      );
    case 'insert':
      return events.toSpliced(at, 0, mutation.event);
    case 'interleave': {
      const from = mutation.from % Math.max(other.length, 1);
      const mixed = other.slice(from, from + mutation.count).flatMap((next, index) => {
        const own = events[at + index];
        return own === undefined ? [next] : [next, own];
      });
      return [...events.slice(0, at), ...mixed, ...events.slice(at + mutation.count)];
    }
  }
}

/** Two events in one: members of the second win, lists are joined. */
function mergeEvents(first: StreamEvent, second: StreamEvent | undefined): StreamEvent {
  if (second === undefined) return first;
  return changeData(first, (tree) => {
    const more = tryParse(second.data);
    if (!isTree(tree) || !isTree(more) || Array.isArray(tree)) return tree;
    const lists = Object.entries(tree).flatMap(([key, value]) => {
      const added: unknown = Reflect.get(more, key);
      return Array.isArray(value) && Array.isArray(added) ? [[key, [...value, ...added]] as const] : [];
    });
    return { ...tree, ...more, ...Object.fromEntries(lists) };
  });
}

function changeData(event: StreamEvent, change: (tree: unknown) => unknown): StreamEvent {
  const tree = tryParse(event.data);
  return tree === undefined ? event : { ...event, data: JSON.stringify(change(tree)) ?? 'null' };
}

/** Follows the numbers down the tree and changes what they lead to; undefined takes it away. */
function changeAt(tree: unknown, path: readonly number[], change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || !isTree(tree)) return change(tree);
  const entries = Object.entries(tree);
  const chosen = step % (entries.length + 1);
  if (chosen === entries.length) return change(tree);
  const changed = entries.map(([key, value], index) => [key, index === chosen ? changeAt(value, rest, change) : value]);
  return Array.isArray(tree) ? changed.map(([, value]) => value) : Object.fromEntries(changed);
}

function renameAt(tree: unknown, path: readonly number[], name: string): unknown {
  return changeAt(tree, path.slice(1), (value) => {
    if (!isTree(value) || Array.isArray(value)) return { [name]: value };
    const entries = Object.entries(value);
    const chosen = (path[0] ?? 0) % Math.max(entries.length, 1);
    return Object.fromEntries(entries.map(([key, child], index) => [index === chosen ? name : key, child]));
  });
}

function frame({ name, data }: StreamEvent, { lineEnd, space, comments, splitData }: Style): string {
  const lines = [
    ...(comments ? [': still here'] : []),
    ...(name === '' ? [] : [`event:${space}${name}`]),
    // A line end is white space in JSON, so data may be cut after any comma between members.
    ...(splitData ? data.replace(/,(?="[a-z_]+":)/u, ',\n') : data).split('\n').map((line) => `data:${space}${line}`),
  ];
  return lines.map((line) => line + lineEnd).join('') + lineEnd;
}

function line({ data }: StreamEvent, { lineEnd }: Style): string {
  return data.replaceAll('\n', ' ') + (lineEnd === '\r\n' ? lineEnd : '\n');
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tryParse(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}
