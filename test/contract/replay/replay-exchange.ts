import { createHash } from 'node:crypto';
import { Secret, startStopwatch } from '@ccg/kernel';
import { createServing } from '@ccg/serving';
import type { RequestRecord, ResponseSink, Serving } from '@ccg/serving';
import { createMetrics } from '@ccg/telemetry';
import { createManualClock } from '@ccg/testkit';
import { createCalibration, createTokenEstimator, loadTokenizer } from '@ccg/tokens';
import type { Calibration } from '@ccg/tokens';
import { errorEnvelope } from '@ccg/wire';
import { playUpstream } from './played-upstream.ts';
import type { PlayedUpstream } from './played-upstream.ts';
import type { ReadExchange } from './read-exchange.ts';

/** What the gateway of this checkout makes of a recorded exchange. */
export interface Replayed {
  /** The bodies that went upstream, call by call. */
  readonly sent: readonly Uint8Array[];
  readonly client: ClientAnswer;
  readonly record: RequestRecord;
  /** Calls of which the recording has no answer. */
  readonly unanswered: number;
}

/** What the client got. */
interface ClientAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const requestId = 'req_replay';

/** Serves the recorded request by the code that serves in production, with the recorded provider behind it. */
export async function replayExchange(exchange: ReadExchange): Promise<Replayed> {
  const clock = createManualClock();
  const upstream = playUpstream(exchange.calls, clock);
  const serving = await createReplayServing(exchange, upstream, clock);
  const sink = createTextSink();
  const { target, body, headers } = exchange;
  const record = await serving.serve(
    {
      requestId,
      principal: {
        kind: 'api-key',
        tenant: 'replay',
        apiKeyId: 'key_replay',
        apiKeyName: 'laptop',
        userName: undefined,
        expiresAtMs: undefined,
        user: undefined,
        group: undefined,
        waitingWeight: 1,
        authorization: {
          scopes: ['messages'],
          policy: { kind: 'allow-all' },
          limits: [],
          timeZone: 'UTC',
          contact: 'the operators of this gateway',
        },
      },
      prefix: { provider: target.provider.name, model: target.model },
      headers,
      query: '',
      takeBody: () => body,
      receivedAtMs: clock.now(),
      elapsedMs: startStopwatch(clock),
    },
    sink,
  );
  const client = record.end.kind === 'unsent' ? renderError(record.end.error) : sink.answer();
  return { sent: upstream.sent, client, record, unanswered: upstream.unanswered() };
}

async function createReplayServing(
  { catalog, targets, file }: ReadExchange,
  upstream: PlayedUpstream,
  clock: ReturnType<typeof createManualClock>,
): Promise<Serving> {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
  let ids = 0;
  return createServing({
    catalog,
    targets,
    upstream,
    clock,
    digest,
    admission: {
      flush: () => Promise.resolve(),
      waiting: () => 0,
      recheck() {},
      admit: () =>
        Promise.resolve({
          kind: 'admitted',
          by: 'no-limit',
          states: [],
          shadowed: [],
          reservation: { watch() {}, settle: () => Promise.resolve() },
        }),
    },
    ids: { messageId: () => `msg_${(ids += 1)}`, toolUseId: () => `toolu_g${(ids += 1)}` },
    sealingKeys: [new Secret('the key of all replays, 32 characters')],
    metrics: createMetrics(),
    tokens: {
      estimator: createTokenEstimator({
        countTokens: await loadTokenizer(),
        digest,
        yieldToEventLoop: () => Promise.resolve(),
        maxCachedSegments: 1000,
      }),
      calibration: calibrationOf(file.request.estimatedInputTokens),
    },
  });
}

/** The gateway that recorded had learned how its models count. */
function calibrationOf(estimatedInputTokens: number | undefined): Calibration {
  if (estimatedInputTokens === undefined) return createCalibration({ maxModels: 1 });
  return { observe: () => undefined, tokens: () => estimatedInputTokens };
}

function renderError(error: Extract<RequestRecord['end'], { kind: 'unsent' }>['error']): ClientAnswer {
  const { type, publicMessage: message, publicDetails: details, retry, retryAfterSeconds } = error;
  return {
    status: error.status,
    headers: {
      ...error.headers,
      'content-type': 'application/json',
      ...(retry === 'default' ? {} : { 'x-should-retry': String(retry === 'always') }),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    text: Buffer.from(errorEnvelope({ type, message, details }, requestId), 'latin1').toString('utf8'),
  };
}

/** A client that always has room and never leaves. */
function createTextSink(): ResponseSink & { answer(): ClientAnswer } {
  const chunks: Buffer[] = [];
  let head: Omit<ClientAnswer, 'text'> | undefined;
  const take = (data: string | Uint8Array): undefined => {
    chunks.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
  };
  return {
    signal: new AbortController().signal,
    get committed() {
      return head !== undefined;
    },
    expectStream: () => undefined,
    addHeaders: () => undefined,
    commit(status, headers) {
      head ??= { status, headers: Object.fromEntries(headers) };
    },
    write: take,
    end: (last) => (last === undefined ? undefined : take(last)),
    answer: () => ({ ...(head ?? { status: 0, headers: {} }), text: Buffer.concat(chunks).toString('utf8') }),
  };
}
