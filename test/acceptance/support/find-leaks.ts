import type { RecordedRequest } from '@ccg/testkit';

/** A shorter text may stand in a log for another reason: the name of a model, or a word. */
const textMinLength = 24;
const textMaxLength = 64;

/**
 * What of a suite's secrets, prompts and tool results stands in what its gateway has written. Texts are those of the
 * requests that the provider was sent.
 */
export function findLeaks(
  written: string,
  secrets: readonly string[],
  requests: readonly RecordedRequest[],
): readonly string[] {
  const texts = new Set(requests.flatMap((request) => textsOf(request)));
  return [...secrets, ...texts].filter((text) => written.includes(text));
}

function textsOf(request: RecordedRequest): readonly string[] {
  try {
    return textsIn(request.json());
  } catch {
    return [];
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length < textMinLength ? [] : [value.slice(0, textMaxLength)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (namesOfIds.has(name) ? [] : textsIn(member)));
}

/** Members that hold names, which may be logged. */
const namesOfIds = new Set(['model', 'user_id', 'id', 'type', 'name']);
