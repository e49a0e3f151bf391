import { jsonAt, jsonTextAt } from '@ccg/testkit';

/** Where a delta holds a text, and of which text it is a part. */
interface Place {
  readonly path: readonly (string | number)[];
  readonly channel: string;
  readonly isInput: boolean;
}

const lengthMax = 12_000;

/** The frames of an answer with deltas that are the whole text so far, each, instead of the next piece of it. */
export function withWholeDeltas(frames: readonly string[]): readonly string[] {
  // Wholes of a long answer are too many bytes for thousands of runs.
  if (frames.join('').length > lengthMax) return frames;
  const pieces = new Map<string, string[]>();
  for (const { channel, text } of frames.flatMap(textsOf)) pieces.set(channel, [...(pieces.get(channel) ?? []), text]);
  const wholes = new Map<string, string>();
  return frames.map((frame) =>
    textsOf(frame).reduce((changed, { path, channel, isInput, text }) => {
      const whole = (wholes.get(channel) ?? '') + text;
      wholes.set(channel, whole);
      if (text === '' || !(isInput || isTellable(pieces.get(channel) ?? []))) return changed;
      // Half a surrogate pair waits for the other half.
      return withText(changed, path, /[\ud800-\udbff]$/.test(whole) ? whole.slice(0, -1) : whole);
    }, frame),
  );
}

/** Whether there is so much of a text that nobody can take its deltas for pieces. */
function isTellable(pieces: readonly string[]): boolean {
  const lengths = pieces.filter((piece) => piece !== '').map(({ length }) => length);
  const repeated = lengths.reduce((sum, length, at) => sum + length * (lengths.length - 1 - at), 0);
  return /^[a-zA-Z]/u.test(pieces.join('')) && lengths.length >= 6 && repeated >= 80;
}

function textsOf(frame: string): (Place & { readonly text: string })[] {
  const data = dataOf(frame);
  return data === undefined ? [] : placesIn(data).map((place) => ({ ...place, text: jsonTextAt(data, ...place.path) }));
}

function placesIn(data: unknown): readonly Place[] {
  const index = Number(jsonAt(data, 'index') ?? 0);
  const call = Number(jsonAt(data, 'choices', 0, 'delta', 'tool_calls', 0, 'index') ?? 0);
  const places: readonly Place[] = [
    { path: ['choices', 0, 'delta', 'content'], channel: 'text', isInput: false },
    { path: ['choices', 0, 'delta', 'reasoning_content'], channel: 'thinking', isInput: false },
    {
      path: ['choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments'],
      channel: `input ${call}`,
      isInput: true,
    },
    { path: ['delta', 'text'], channel: `text ${index}`, isInput: false },
    { path: ['delta', 'partial_json'], channel: `input ${index}`, isInput: true },
    { path: ['message', 'content'], channel: 'text', isInput: false },
  ];
  return places.filter(({ path }) => typeof jsonAt(data, ...path) === 'string');
}

function withText(frame: string, path: readonly (string | number)[], text: string): string {
  const data = dataOf(frame);
  const parent = jsonAt(data, ...path.slice(0, -1));
  Reflect.set(Object(parent), path.at(-1) ?? '', text);
  return frame.replace(/\{[^\n]*\}/u, () => JSON.stringify(data));
}

function dataOf(frame: string): unknown {
  const [json] = /\{[^\n]*\}/u.exec(frame) ?? [];
  return json === undefined ? undefined : JSON.parse(json);
}
