import { isUtf8 } from 'node:buffer';

import type { ExchangeFile } from './exchange-file.ts';
import { createSecretRemover } from './remove-secrets.ts';
import type { SecretRemover } from './remove-secrets.ts';

/** Not imported: the thread that runs this would load zod for it. */
const version: ExchangeFile['version'] = 1;

type Headers = readonly (readonly [string, string])[];

/** What was collected of a call, with its secrets still in it. */
export interface CollectedCall {
  readonly path: string;
  readonly sent: Uint8Array;
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly answer: Uint8Array;
  readonly chunks: readonly number[];
  readonly end: ExchangeEnd;
}

export type ExchangeEnd = NonNullable<ExchangeFile['upstream'][number]['end']>;

/** What was collected of a request, with its secrets still in it. It can be sent to a thread. */
export interface CollectedExchange {
  readonly recordedAt: string;
  readonly requestId: string;
  readonly truncated: boolean;
  readonly secrets: readonly string[];
  /** All of the file's `request` that was neither sent nor received. */
  readonly settings: Omit<ExchangeFile['request'], 'body' | 'headers'>;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly calls: readonly CollectedCall[];
  readonly outcome: NonNullable<ExchangeFile['outcome']>;
}

/** The text of an exchange's file, without secrets; of one that is larger than `maxBytes` without its bodies. */
export function composeExchangeFile(collected: CollectedExchange, maxBytes: number): string {
  const remover = createSecretRemover(collected.secrets);
  if (collected.truncated) return textOf(withoutBodies(collected, remover));
  const text = textOf(fileOf(collected, remover));
  return Buffer.byteLength(text) <= maxBytes ? text : textOf(withoutBodies(collected, remover));
}

function textOf(file: ExchangeFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

function withoutBodies(collected: CollectedExchange, remover: SecretRemover): ExchangeFile {
  const nothing = new Uint8Array();
  const calls = collected.calls.map((call) => ({ ...call, sent: nothing, answer: nothing, chunks: [] }));
  return { ...fileOf({ ...collected, body: nothing, calls }, remover), truncated: true };
}

function fileOf(collected: CollectedExchange, remover: SecretRemover): ExchangeFile {
  const { recordedAt, settings, headers, body, calls, outcome } = collected;
  const { baseUrl, ...others } = settings;
  return {
    version,
    recordedAt,
    request: {
      ...others,
      ...(baseUrl === undefined ? {} : { baseUrl: remover.text(baseUrl) }),
      headers: remover.headers(headers),
      body: bodyOf(body, remover),
    },
    upstream: calls.map((call) => callOf(call, remover)),
    outcome: { ...outcome, ...(outcome.error === undefined ? {} : { error: clean(outcome.error, remover) }) },
  };
}

function callOf({ path, sent, status, headers, answer, chunks, end }: CollectedCall, remover: SecretRemover) {
  const { bytes, lengths } = remover.pieces(byteString(answer), chunks);
  return {
    path: path.replace(/\?.*$/su, ''),
    sent: bodyOf(sent, remover),
    ...(status === undefined ? {} : { status, headers: remover.headers(headers), ...bytesOf(bytes) }),
    ...(lengths.length > 1 ? { chunks: [...lengths] } : {}),
    end,
  };
}

/** JSON that is written back to the same bytes is easier to look through as JSON; anything else stays a string. */
function bodyOf(body: Uint8Array, remover: SecretRemover): unknown {
  const bytes = bytesOf(remover.text(byteString(body)));
  if (!('text' in bytes)) return bytes;
  try {
    const value: unknown = JSON.parse(bytes.text);
    return typeof value === 'object' && JSON.stringify(value) === bytes.text ? value : bytes.text;
  } catch {
    return bytes.text;
  }
}

function bytesOf(bytes: string): { readonly text: string } | { readonly base64: string } {
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') };
}

function byteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function clean(text: string, remover: SecretRemover): string {
  return Buffer.from(remover.text(Buffer.from(text).toString('latin1')), 'latin1').toString('utf8');
}
