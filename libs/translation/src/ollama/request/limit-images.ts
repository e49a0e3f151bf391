import { isText, joinTexts } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { Rejections } from '../../failure/rejections.ts';
import { mediaNote, warnOfSurplus } from '../../history/limit-media.ts';
import { asList } from '../../json-fields.ts';
import type { Warnings } from '../../warnings.ts';

/** The number of images in the messages. */
export function countImages(messages: readonly JsonObject[]): number {
  return messages.reduce((sum, { images }) => sum + asList(images).length, 0);
}

/** The messages with no more images than the server takes: each of the oldest beyond its number becomes a line of text. */
export function limitImages(
  messages: readonly JsonObject[],
  maxima: Rejections['maxima'],
  warnings: Warnings,
): JsonObject[] {
  const maximum = maxima.get('images');
  let surplus = maximum === undefined ? 0 : countImages(messages) - maximum;
  if (maximum === undefined || surplus <= 0) return [...messages];
  warnOfSurplus('images', maximum, surplus, warnings);
  return messages.map((message) => {
    const images = asList(message['images']);
    const removed = Math.min(images.length, surplus);
    if (removed === 0) return message;
    surplus -= removed;
    const left = images.slice(removed);
    const { content = '' } = message;
    const texts = [
      ...(isText(content) && content !== '' ? [content] : []),
      ...Array<string>(removed).fill(mediaNote('images', maximum)),
    ];
    return { ...message, content: joinTexts(texts, '\n\n'), images: left.length === 0 ? undefined : left };
  });
}
