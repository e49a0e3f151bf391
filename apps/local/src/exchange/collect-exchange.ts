import { requestPath } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import type { CallRecording, ExchangeRecording, RecordedCall, RequestRecord, ServeRequest } from '@ccg/serving';

import type { CollectedCall, CollectedExchange, ExchangeEnd } from './compose-file.ts';

/** The settings of the gateway that an exchange depends on. */
type ExchangeSettings = Pick<CollectedExchange['settings'], 'maxOutputTokens' | 'overrides'>;

interface CollectOptions {
  readonly settings: ExchangeSettings;
  /** Bytes of bodies; what is beyond them is not kept. */
  readonly maxBytes: number;
  readonly now: () => number;
  /** Called once, at the end; the secrets of the configuration are still missing. */
  readonly onEnded: (exchange: CollectedExchange) => void;
}

/** Keeps an exchange in memory until it has ended; nothing but references while it runs. */
export function collectExchange(request: ServeRequest, options: CollectOptions): ExchangeRecording {
  const { settings, maxBytes, now, onEnded } = options;
  const calls: OpenCall[] = [];
  let body: Uint8Array = new Uint8Array();
  let described: CollectedExchange['settings'] | undefined;
  let bytes = 0;

  function keep(piece: Uint8Array): Uint8Array | undefined {
    bytes += piece.length;
    return bytes <= maxBytes ? piece : undefined;
  }

  return {
    received(received) {
      body = keep(received) ?? body;
    },
    translated(target, estimatedInputTokens) {
      described = describeTarget(target, estimatedInputTokens);
    },
    called(target, call) {
      const opened = openCall(target, call, keep);
      calls.push(opened);
      return opened.recording;
    },
    ended(record) {
      if (described === undefined) described = withoutTarget(record, request);
      onEnded({
        recordedAt: new Date(now()).toISOString(),
        requestId: request.requestId,
        truncated: bytes > maxBytes,
        secrets: clientSecrets(request),
        settings: { ...described, ...settings },
        headers: request.headers,
        body: ownCopy([body]),
        calls: calls.map(({ close }) => close()),
        outcome: describeOutcome(record),
      });
    },
  };
}

interface OpenCall {
  readonly recording: CallRecording;
  close(this: void): CollectedCall;
}

function openCall(target: Target, call: RecordedCall, keep: (piece: Uint8Array) => Uint8Array | undefined): OpenCall {
  const sent = keep(call.body);
  const pieces: Uint8Array[] = [];
  let head: { readonly status: number; readonly headers: CollectedCall['headers'] } | undefined;
  let end: ExchangeEnd = 'open';
  return {
    recording: {
      answered({ status, headers }) {
        head = { status, headers };
      },
      received(chunk) {
        const piece = keep(chunk);
        if (piece !== undefined) pieces.push(piece);
      },
      ended(how) {
        end = how === 'aborted' ? 'open' : how;
      },
    },
    close: () => ({
      path: requestPath(target.endpoint.form, call) ?? '',
      sent: ownCopy(sent === undefined ? [] : [sent]),
      status: head?.status,
      headers: head?.headers ?? [],
      answer: ownCopy(pieces),
      chunks: pieces.map((piece) => piece.length),
      end,
    }),
  };
}

function describeTarget(target: Target, estimatedInputTokens: number | undefined): CollectedExchange['settings'] {
  const { provider, model, limits } = target;
  const profile = 'profile' in provider ? provider.profile : undefined;
  const capabilities = 'capabilities' in provider ? provider.capabilities : undefined;
  return {
    path: '/v1/messages',
    provider: provider.name,
    // Which API of it is asked follows from the rest.
    dialect: provider.dialect,
    ...(profile === undefined ? {} : { profile }),
    ...(capabilities === undefined ? {} : { capabilities }),
    baseUrl: provider.baseUrl,
    model,
    limits: definedOf(limits),
    ...(estimatedInputTokens === undefined ? {} : { estimatedInputTokens }),
  };
}

/** A request that was refused before it was translated: the target that it would have had, as far as it is known. */
function withoutTarget({ route }: RequestRecord, { prefix }: ServeRequest): CollectedExchange['settings'] {
  const [target] = route?.targets ?? [];
  const { provider = prefix?.provider ?? 'none', dialect = 'anthropic', model = 'none' } = target ?? {};
  return { path: '/v1/messages', provider, dialect, model };
}

function definedOf(limits: Target['limits']): NonNullable<CollectedExchange['settings']['limits']> {
  const { contextTokens, outputTokens } = limits;
  return {
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
}

function describeOutcome({ outcome, end }: RequestRecord): CollectedExchange['outcome'] {
  if (!('error' in end)) return { outcome, end: end.kind };
  return { outcome, end: end.kind, error: `${end.error.code}: ${end.error.publicMessage}` };
}

/** What the client proves itself with, in whichever header. */
function clientSecrets({ headers }: ServeRequest): string[] {
  return headers.flatMap(([name, value]) => {
    if (name === 'x-api-key') return [value];
    return name === 'authorization' ? [value.replace(/^\S+\s+/u, '')] : [];
  });
}

/** The buffers of a socket are larger than what is used of them, and are sent to a thread as a whole. */
function ownCopy(pieces: readonly Uint8Array[]): Uint8Array {
  const copy = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    copy.set(piece, at);
    at += piece.length;
  }
  return copy;
}
