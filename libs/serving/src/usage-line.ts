import type { Target } from '@ccg/catalog';
import { encodeUsageRecord } from '@ccg/usage';
import type { UsageRecord } from '@ccg/usage';
import type { HeaderList } from '@ccg/wire';
import { nameOf } from './record.ts';
import type { RequestRecord, TargetName } from './record.ts';
import type { ServeRequest } from './request.ts';
import type { LimitedWork } from './request-limits.ts';
import type { Use } from './settle-request.ts';

/** What a client says of itself: Claude Code's session, and the sub-agent that asks. */
export interface ClientNames {
  readonly session: string | undefined;
  readonly agent: string | undefined;
  readonly parentAgent: string | undefined;
}

const nameMaxLength = 256;

/** One pass over the headers: it is on the way of every request. */
export function clientNames(headers: HeaderList): ClientNames {
  let session: string | undefined;
  let agent: string | undefined;
  let parentAgent: string | undefined;
  for (const [name, value] of headers) {
    switch (name) {
      case 'x-claude-code-session-id':
        session = named(value);
        break;
      case 'x-claude-code-agent-id':
        agent = named(value);
        break;
      case 'x-claude-code-parent-agent-id':
        parentAgent = named(value);
        break;
      default:
    }
  }
  return { session, agent, parentAgent };
}

function named(value: string): string | undefined {
  const name = value.trim().slice(0, nameMaxLength);
  return name === '' ? undefined : name;
}

/** The usage record of one request, as it is stored. */
export interface UsageLine {
  /** While the request runs. */
  running(use: Use, target: Target, nowMs: number): string;
  /** Once it has ended. */
  ended(record: RequestRecord, nowMs: number): string;
}

export type LineRequest = Pick<
  ServeRequest,
  'principal' | 'principalNow' | 'requestId' | 'headers' | 'receivedAtMs' | 'batch' | 'handOver'
>;

/** What is known of a request from the beginning. */
interface Begun {
  readonly request: LineRequest;
  readonly client: ClientNames;
  readonly work: LimitedWork;
}

/** What is not. */
type Told = Pick<UsageRecord, 'outcome' | 'priceBasis' | 'durationMs' | 'firstEventMs' | 'attempts'> & {
  /** Milliseconds. */
  readonly at: number;
};

export function usageLine(request: LineRequest, client: ClientNames, work: LimitedWork): UsageLine {
  const { receivedAtMs } = request;
  const begun = { request, client, work };
  return {
    running(use, target, nowMs) {
      return encode(begun, use, nameOf(target), {
        at: receivedAtMs,
        outcome: 'running',
        priceBasis: target.price.basis,
        durationMs: nowMs - receivedAtMs,
        attempts: 1,
      });
    },
    ended(record, nowMs) {
      const { outcome, priceBasis, stages, attempts } = record;
      return encode(begun, record, attempts.at(-1)?.target ?? nameOf(work.targets[0]), {
        at: nowMs,
        outcome,
        priceBasis,
        durationMs: stages.endedMs ?? 0,
        firstEventMs: stages.firstEventMs,
        attempts: attempts.length,
      });
    },
  };
}

/** Without spreads, which take several times as long for so many members. */
function encode({ request, client, work }: Begun, use: Use, target: TargetName, told: Told): string {
  const caller = callerOf(request);
  return encodeUsageRecord({
    v: 1,
    id: request.requestId,
    at: told.at,
    user: caller.user,
    userName: caller.userName,
    apiKey: caller.apiKey,
    group: caller.group,
    session: client.session,
    agent: client.agent,
    parentAgent: client.parentAgent,
    endpoint: work.kind === 'message' ? 'messages' : 'count_tokens',
    requestedModel: work.requestedModel,
    provider: target.provider,
    model: target.model,
    dialect: target.dialect,
    stream: work.kind === 'message' && work.stream,
    outcome: told.outcome,
    inputTokens: use.usage.inputTokens,
    outputTokens: use.usage.outputTokens,
    cacheReadTokens: use.usage.cacheReadTokens,
    cacheWriteTokens: use.usage.cacheWriteTokens,
    reasoningTokens: use.usage.reasoningTokens,
    usageSource: use.usageSource,
    costMicroDollars: use.costMicroDollars,
    priceBasis: told.priceBasis,
    durationMs: told.durationMs,
    firstEventMs: told.firstEventMs,
    attempts: told.attempts,
    batch: request.batch?.id,
    batchIndex: request.batch?.index,
  });
}

/** Who a request is of, by ids and names. */
export function callerOf({ principal }: Pick<LineRequest, 'principal'>) {
  const { user, userName, group } = principal;
  return { user, userName, group, apiKey: principal.kind === 'api-key' ? principal.apiKeyId : undefined };
}
