import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtureKinds, prettyJson } from '../fixture-outputs.ts';
import type { FailureIn } from '../fixture-outputs.ts';
import type { TestTarget } from '../translate.ts';
import { ExchangeFileError } from './read-exchange.ts';
import type { ReadExchange, RecordedCall } from './read-exchange.ts';

/**
 * Writes an exchange as a fixture of libs/translation: the folder's name becomes the name of the rule. What goes in is
 * from the recording, what comes out is what the library makes of it now, right or wrong.
 */
export async function writeFixture(folder: string, exchange: ReadExchange): Promise<readonly string[]> {
  const target = testTarget(exchange);
  const inputs: Readonly<Record<string, string>> = {
    'request.in.json': Buffer.from(exchange.body).toString('utf8'),
    ...answerFile(exchange.calls.findLast(({ status }) => status !== undefined && status < 300)),
    ...failureFile(exchange.calls.findLast(({ status }) => status !== undefined && status >= 300)),
  };
  const { dialect: _isTheFolderAbove, ...settings } = target;
  const meta = { rule: 'say here what must hold', source: sourceOf(exchange), ...settings };
  const files = new Map([['meta.json', prettyJson(meta)], ...Object.entries(inputs)]);
  const fixture = { target, read: (file: string) => inputs[file] };
  for (const { input, output, make } of fixtureKinds) {
    const text = inputs[input];
    if (text !== undefined) files.set(output, make(fixture, text));
  }
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return [...files.keys()];
}

/** A stream or a document, as its first bytes say. */
function answerFile(call: RecordedCall | undefined): Readonly<Record<string, string>> {
  if (call === undefined) return {};
  const text = textOf(call);
  return { [/^\s*\{/u.test(text) ? 'answer.in.json' : 'stream.in.txt']: text };
}

function failureFile(call: RecordedCall | undefined): Readonly<Record<string, string>> {
  if (call?.status === undefined) return {};
  const failure: FailureIn = {
    status: call.status,
    headers: Object.fromEntries(call.headers),
    body: jsonOrText(textOf(call)),
  };
  return { 'failure.in.json': prettyJson(failure) };
}

function textOf({ chunks }: RecordedCall): string {
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new ExchangeFileError(
    'The answer is not UTF-8, which the files of a fixture are. Write a test for it by hand.',
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function testTarget({ target, file }: ReadExchange): TestTarget {
  const { limits, estimatedInputTokens, maxOutputTokens } = file.request;
  const { contextTokens, outputTokens } = limits ?? {};
  const settings = {
    model: target.model,
    baseUrl: target.provider.baseUrl,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(estimatedInputTokens === undefined ? {} : { estimatedInputTokens }),
    ...(limits === undefined ? {} : { limits: { contextTokens, outputTokens } }),
  };
  if (target.provider.dialect === 'anthropic') {
    const { profile = 'claude' } = target.provider;
    return { dialect: 'anthropic', anthropicProfile: profile, ...settings };
  }
  if (target.provider.dialect === 'ollama') return { dialect: 'ollama', ...settings };
  if (target.provider.dialect === 'gemini') return { dialect: 'gemini', ...settings };
  const { dialect } = target;
  if (dialect !== 'openai-chat' && dialect !== 'openai-responses') return { dialect, ...settings };
  const { textCalls } = target.capabilities;
  return { dialect, profile: target.provider.profile, ...settings, ...(textCalls ? { textCalls } : {}) };
}

function sourceOf({ file }: ReadExchange): string {
  return file.recordedAt === undefined ? 'an exchange that was sent in' : `an exchange recorded on ${file.recordedAt}`;
}
