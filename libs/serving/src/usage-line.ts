import type { Target } from '@ccg/catalog';
import { encodeUsageRecord } from '@ccg/usage';
import type { EncodableRecord, UsageRecord } from '@ccg/usage';
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

/** What a usage record tells. */
interface UsageFacts extends Pick<
  UsageRecord,
  | 'id'
  | 'endpoint'
  | 'requestedModel'
  | 'stream'
  | 'outcome'
  | 'priceBasis'
  | 'durationMs'
  | 'firstEventMs'
  | 'attempts'
> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly caller: ReturnType<typeof callerOf>;
  readonly client: ClientNames;
  readonly use: Use;
  /** Undefined where nobody was asked. */
  readonly target: TargetName | undefined;
  readonly batch: ServeRequest['batch'];
}

export function usageLine(request: LineRequest, client: ClientNames, work: LimitedWork): UsageLine {
  const { requestId: id, receivedAtMs, batch } = request;
  const { requestedModel } = work;
  const endpoint = work.kind === 'message' ? 'messages' : 'count_tokens';
  const stream = work.kind === 'message' && work.stream;
  return {
    running: (use, target, nowMs) =>
      encodeUsageRecord(
        usageRecord({
          id,
          at: receivedAtMs,
          caller: callerOf(request),
          client,
          endpoint,
          requestedModel,
          stream,
          outcome: 'running',
          use,
          target: nameOf(target),
          priceBasis: target.price.basis,
          durationMs: nowMs - receivedAtMs,
          attempts: 1,
          batch,
        }),
      ),
    ended: (record, nowMs) =>
      encodeUsageRecord(
        usageRecord({
          id,
          at: nowMs,
          caller: callerOf(request),
          client,
          endpoint,
          requestedModel,
          stream,
          outcome: record.outcome,
          use: record,
          target: record.attempts.at(-1)?.target ?? nameOf(work.targets[0]),
          priceBasis: record.priceBasis,
          durationMs: record.stages.endedMs ?? 0,
          firstEventMs: record.stages.firstEventMs,
          attempts: record.attempts.length,
          batch,
        }),
      ),
  };
}

/** Without spreads, which take several times as long for so many members. */
export function usageRecord(facts: UsageFacts): EncodableRecord {
  const { caller, client, use, target, batch } = facts;
  return {
    v: 1,
    id: facts.id,
    at: facts.at,
    user: caller.user,
    userName: caller.userName,
    apiKey: caller.apiKey,
    group: caller.group,
    session: client.session,
    agent: client.agent,
    parentAgent: client.parentAgent,
    endpoint: facts.endpoint,
    requestedModel: facts.requestedModel,
    provider: target?.provider,
    model: target?.model,
    dialect: target?.dialect,
    stream: facts.stream,
    outcome: facts.outcome,
    inputTokens: use.usage.inputTokens,
    outputTokens: use.usage.outputTokens,
    cacheReadTokens: use.usage.cacheReadTokens,
    cacheWriteTokens: use.usage.cacheWriteTokens,
    reasoningTokens: use.usage.reasoningTokens,
    usageSource: use.usageSource,
    costMicroDollars: use.costMicroDollars,
    priceBasis: facts.priceBasis,
    durationMs: facts.durationMs,
    firstEventMs: facts.firstEventMs,
    attempts: facts.attempts,
    batch: batch?.id,
    batchIndex: batch?.index,
  };
}

/** Who a request is of, by ids and names. */
export function callerOf({ principal }: Pick<LineRequest, 'principal'>) {
  const { user, userName, group } = principal;
  return { user, userName, group, apiKey: principal.kind === 'api-key' ? principal.apiKeyId : undefined };
}
