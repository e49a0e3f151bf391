import { isJsonObject } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { Rejections } from '../failure/rejections.ts';
import type { CountedThing } from '../failure/upstream-cause.ts';
import type { Warnings } from '../warnings.ts';

/** How many images and files a history has. */
export type MediaCounts = ReadonlyMap<CountedThing, number>;

export interface LimitedMessages {
  readonly messages: JsonObject[];
  readonly counts: MediaCounts;
}

interface MediaForms {
  /** What a part of a message is; undefined for a text. */
  kindOf(part: JsonObject): 'images' | 'files' | undefined;
  /** The content of a message, or of a result in it, whose parts have changed. */
  compact(parts: readonly JsonObject[], holder: JsonObject): JsonValue;
}

/**
 * The messages with no more images and files than the server takes: the oldest ones beyond its number become a line of
 * text. What became text stays the same text however long the history grows.
 */
export function limitMedia(
  messages: readonly JsonObject[],
  maxima: Rejections['maxima'],
  forms: MediaForms,
  warnings: Warnings,
): LimitedMessages {
  const counts = new Map<CountedThing, number>();
  for (const message of messages) count(message['content'], forms, counts);
  const surplus = new Map<CountedThing, number>();
  for (const what of ['images', 'files'] as const) {
    const total = counts.get(what) ?? 0;
    const maximum = maxima.get(what);
    if (maximum === undefined || total <= maximum) continue;
    surplus.set(what, total - maximum);
    counts.set(what, maximum);
    warnOfSurplus(what, maximum, total - maximum, warnings);
  }
  if (surplus.size === 0) return { messages: [...messages], counts };
  const note = (what: 'images' | 'files'): JsonObject => {
    return { type: 'text', text: mediaNote(what, maxima.get(what) ?? 0) };
  };
  return { messages: messages.map((message) => replaceOldest(message, surplus, { ...forms, note })), counts };
}

/** Takes the place of an image or a file that is one too many. */
export function mediaNote(what: 'images' | 'files', maximum: number): string {
  return `[${singular(what)} left out: this model takes at most ${several(maximum, what)}]`;
}

export function warnOfSurplus(what: 'images' | 'files', maximum: number, surplus: number, warnings: Warnings): void {
  const text = `This model takes at most ${several(maximum, what)}. ${surplus} older became a line of text each.`;
  warnings.add('messages', 'unsupported', text);
}

function several(number: number, what: 'images' | 'files'): string {
  return `${number} ${number === 1 ? singular(what) : what}`;
}

function singular(what: 'images' | 'files'): string {
  return what === 'images' ? 'image' : 'file';
}

function count(content: JsonValue | undefined, forms: MediaForms, counts: Map<CountedThing, number>): void {
  if (!Array.isArray(content)) return;
  for (const part of content) {
    if (!isJsonObject(part)) continue;
    const kind = forms.kindOf(part);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    else count(part['content'], forms, counts);
  }
}

interface Replacing extends MediaForms {
  note(what: 'images' | 'files'): JsonObject;
}

function replaceOldest(holder: JsonObject, surplus: Map<CountedThing, number>, forms: Replacing): JsonObject {
  const { content } = holder;
  if (!Array.isArray(content)) return holder;
  const parts = content.map((part) => (isJsonObject(part) ? replacePart(part, surplus, forms) : part));
  if (parts.every((part, index) => part === content[index])) return holder;
  return { ...holder, content: forms.compact(parts.filter(isJsonObject), holder) };
}

function replacePart(part: JsonObject, surplus: Map<CountedThing, number>, forms: Replacing): JsonObject {
  const kind = forms.kindOf(part);
  if (kind === undefined) return replaceOldest(part, surplus, forms);
  const left = surplus.get(kind) ?? 0;
  if (left === 0) return part;
  surplus.set(kind, left - 1);
  return forms.note(kind);
}
