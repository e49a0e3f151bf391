import { createBoundedMap } from '@ccg/kernel';
import type { RecordedRequest } from './recorded-request.ts';

/** A shorter text may stand in a log for another reason: the name of a model, or a word. */
const textMinLength = 24;
const textMaxLength = 64;

/**
 * What of secrets, prompts and tool results stands in what was written. Texts are those of the requests that a provider
 * was sent.
 */
export function findLeaks(
  written: string,
  secrets: readonly string[],
  requests: readonly RecordedRequest[],
): readonly string[] {
  const texts = new Set(requests.flatMap((request) => textsOf(request)));
  return [...secrets, ...texts].filter((text) => written.includes(text));
}

/** Knows what processes under test have written, and what must not stand in it. */
export interface LeakWatch {
  /** A process of the product, with its environment: its secrets are there. */
  process(env: Readonly<Record<string, string>>, output: () => string): void;
  /** A provider was sent a request. */
  request(request: RecordedRequest): void;
  /** What was written so far and must not have been. */
  leaks(): readonly string[];
}

/** More of them are not looked for, nor are those of larger bodies: a test file has a few hundred. */
const textsMax = 10_000;
const bodyMaxBytes = 256 * 1024;
const secretName = /(?:_KEYS?|_TOKEN|_PASSWORD|_SECRET|PEPPER|_HEADERS)$/u;
const secretMinLength = 12;
/** An API key in a line of the log. The welcome of `npm start`, which is no such line, shows one on purpose. */
const apiKeyInLine = /^\{.*?(?<apiKey>ccg_(?:live|test)_[\dA-Za-z]{38})/gmu;

export function createLeakWatch(): LeakWatch {
  const outputs: (() => string)[] = [];
  const secrets = new Set<string>();
  const texts = createBoundedMap<string>(textsMax);
  return {
    process(env, output) {
      outputs.push(output);
      for (const [name, value] of Object.entries(env)) {
        if (secretName.test(name) && value.length >= secretMinLength) secrets.add(value);
      }
    },
    request(request) {
      if (outputs.length === 0 || request.body.length > bodyMaxBytes) return;
      for (const text of textsOf(request)) texts.set(text, text);
    },
    leaks() {
      const written = outputs.map((output) => output()).join('\n');
      const apiKeys = [...written.matchAll(apiKeyInLine)].map((match) => match.groups?.['apiKey'] ?? '');
      const unwanted = [...secrets, ...texts.values()];
      return [...new Set([...unwanted.filter((text) => written.includes(text)), ...apiKeys])];
    },
  };
}

/** Of all processes and providers of a test file. `test/setup/no-leaks.ts` asks it at the end. */
export const leakWatch: LeakWatch = createLeakWatch();

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
