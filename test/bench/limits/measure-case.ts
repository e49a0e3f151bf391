import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitRule } from '@ccg/kernel';
import type { GatewayProcess } from '@ccg/testkit';
import { request, Agent } from 'undici';
import type { CountingProvider } from './counting-provider.ts';

/** A kind of limit, and what a request counts for. */
export interface LimitCase {
  readonly rule: LimitRule;
  /** Units of the limit: requests, tokens, micro-dollars; of a cap 1. */
  readonly cost: number;
  readonly path: string;
}

/** What was let in, beside what may be: `admitted <= allowed + refill + 1`, in the units of the limit. */
export interface CaseResult {
  readonly kind: LimitRule['kind'];
  readonly level: LimitRule['level'];
  readonly admitted: number;
  readonly allowed: number;
  readonly refill: number;
  readonly kept: boolean;
  /** Whether the limit refused anything. What was never reached says nothing of the limit. */
  readonly reached: boolean;
  readonly seconds: number;
  readonly answers: Readonly<Record<string, number>>;
}

export interface CaseRun {
  readonly gateways: readonly GatewayProcess[];
  readonly provider: CountingProvider;
  readonly apiKey: string;
  readonly body: string;
  readonly requests: number;
  /** Called once half of the requests were sent. */
  readonly halfWay: () => Promise<void>;
}

const parallel = 48;

export async function measureCase({ rule, cost, path }: LimitCase, run: CaseRun): Promise<CaseResult> {
  const { provider } = run;
  provider.reset();
  const startedAt = performance.now();
  const answers = await askAll(run, path);
  const seconds = (performance.now() - startedAt) / 1000;
  const isCap = rule.kind === 'concurrency';
  const allowed = rule.kind === 'budget' ? rule.amount * 1_000_000 : rule.amount;
  // Token counts are answered without a provider: those with a 200, and those of the gateway that died before it told.
  const counted = path.endsWith('count_tokens') ? (answers['200'] ?? 0) : provider.received();
  const admitted = isCap ? provider.peak() : counted * cost;
  const refill = isCap || rule.kind === 'budget' ? 0 : (rule.amount * seconds) / 60;
  const bound = isCap ? allowed : allowed + refill + 1;
  const verdict = { kept: admitted <= bound, reached: (answers['429'] ?? 0) > 0 };
  return { kind: rule.kind, level: rule.level, admitted, allowed, refill, ...verdict, seconds, answers };
}

/** How many requests got which status; those of a gateway that was killed get none. */
async function askAll(run: CaseRun, path: string): Promise<Readonly<Record<string, number>>> {
  const { gateways, requests, halfWay } = run;
  const agent = new Agent({ connections: parallel });
  const answers: Record<string, number> = {};
  let sent = 0;
  let disturbed: Promise<void> = Promise.resolve();
  async function askOn(): Promise<void> {
    while (sent < requests) {
      sent += 1;
      if (sent === Math.floor(requests / 2)) disturbed = halfWay();
      const answer = await ask(agent, `${gateways[sent % gateways.length]?.url ?? ''}${path}`, run);
      answers[answer] = (answers[answer] ?? 0) + 1;
      // So that the requests do not all fall into the moment in which Redis is away.
      if (answer !== '200' && answer !== '429') await sleep(20);
    }
  }
  await Promise.all(Array.from({ length: parallel }, askOn));
  await disturbed;
  await agent.close();
  return answers;
}

async function ask(agent: Agent, url: string, { apiKey, body }: CaseRun): Promise<string> {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  try {
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent });
    await answer.body.dump();
    return String(answer.statusCode);
  } catch {
    return 'none';
  }
}
