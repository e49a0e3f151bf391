import { readModelList } from '@ccg/catalog';
import type { Catalog, ModelLimits, Provider, Targets } from '@ccg/catalog';
import { assertNever } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Logger } from '@ccg/telemetry';
import { callErrorToGatewayError, describeFinding, findInAnswer, UpstreamCallError } from '@ccg/upstream';
import type { BaseUrlFinding, Upstream, UpstreamResponse } from '@ccg/upstream';

export interface AskProvidersDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long after one round the next begins; 0 never asks, not even at start. */
  readonly intervalMs: number;
}

const timeoutMs = 20_000;
/** OpenRouter's list has about a megabyte; what is read at once must not hold the process up. */
const listMaxBytes = 4 * 1024 * 1024;

/**
 * Asks every configured provider for its list of models, at start and after each interval, beside the requests and never before
 * them. The first round writes one line for each provider: whether it can be reached, takes the credential and is an
 * API at all; later rounds write one where that has changed. Nothing they find ends the start. The lists tell limits of
 * models. The returned function ends it.
 */
export function askProviders(dependencies: AskProvidersDependencies): () => void {
  const { catalog, clock, intervalMs } = dependencies;
  const ending = new AbortController();
  const reported = new Map<string, ListAnswer['kind']>();
  let cancel = (): void => {};

  async function round(): Promise<void> {
    await Promise.all([...catalog.providers.values()].filter(({ onlyByName }) => onlyByName !== true).map(askOne));
    if (!ending.signal.aborted) cancel = clock.schedule(intervalMs, () => void round());
  }

  async function askOne(provider: Provider): Promise<void> {
    const answer = await listOf(provider, dependencies, ending.signal);
    if (ending.signal.aborted) return;
    if (answer.kind === 'listed') dependencies.targets.learn(provider.name, answer.models);
    const { level, message, ...fields } = describe(provider, answer);
    const isNews = reported.get(provider.name) !== answer.kind;
    reported.set(provider.name, answer.kind);
    const line = { provider: provider.name, baseUrl: provider.baseUrl, ...fields };
    dependencies.logger[isNews ? level : 'debug'](line, message);
  }

  if (intervalMs > 0) void round();
  return () => {
    ending.abort();
    cancel();
  };
}

/** What a provider made of the request for its list. */
type ListAnswer =
  | { readonly kind: 'listed'; readonly models: ReadonlyMap<string, ModelLimits> }
  | { readonly kind: 'credential-rejected'; readonly status: number }
  | { readonly kind: 'wrong-base-url'; readonly finding: BaseUrlFinding }
  /** It answers with success, and with what no API says. */
  | { readonly kind: 'not-json'; readonly isEmpty: boolean }
  /** It answers, and has no list: many compatible servers do without. */
  | { readonly kind: 'no-list'; readonly status: number }
  /** There is no such request, so the credential alone was made ready. */
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'no-credential'; readonly message: string }
  | { readonly kind: 'failed'; readonly status: number }
  | { readonly kind: 'unreachable'; readonly reason: string };

async function listOf(
  provider: Provider,
  { upstream, clock }: AskProvidersDependencies,
  ending: AbortSignal,
): Promise<ListAnswer> {
  const timeout = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => {
    timeout.abort();
  });
  try {
    if (provider.endpoint.form.paths.models === undefined) {
      await upstream.prepareCredential(provider);
      return { kind: 'not-asked' };
    }
    const signal = AbortSignal.any([ending, timeout.signal]);
    const response = await upstream.call(provider, { operation: 'models' }, signal);
    return readAnswer(response, await response.body.collect(listMaxBytes));
  } catch (thrown) {
    if (thrown instanceof UpstreamCallError && thrown.kind === 'no-credential') {
      return { kind: 'no-credential', message: callErrorToGatewayError(thrown, provider.name).publicMessage };
    }
    const reason = timeout.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(thrown);
    return { kind: 'unreachable', reason };
  } finally {
    cancel();
  }
}

function readAnswer({ status, headers }: UpstreamResponse, body: Uint8Array): ListAnswer {
  if (status === 401 || status === 403 || (status === 400 && saysKeyInvalid(body))) {
    return { kind: 'credential-rejected', status };
  }
  const finding = findInAnswer({ status, headers, body });
  if (finding !== undefined) return { kind: 'wrong-base-url', finding };
  const value = parse(body);
  if (status < 300 && value === undefined) return { kind: 'not-json', isEmpty: body.length === 0 };
  const models = status === 200 ? readModelList(value) : undefined;
  if (models !== undefined) return { kind: 'listed', models };
  return status >= 500 || status === 429 ? { kind: 'failed', status } : { kind: 'no-list', status };
}

/** Google refuses a credential with 400 and this reason. */
function saysKeyInvalid(body: Uint8Array): boolean {
  return Buffer.from(body).includes('API_KEY_INVALID');
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** `ECONNREFUSED`, `ENOTFOUND` and the like say more than our own word for them; a stack says nothing more. */
function reasonOf(thrown: unknown): string {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string' && /^[A-Z\d_]+$/u.test(error.code)) return error.code;
  }
  if (!(thrown instanceof UpstreamCallError)) return String(thrown);
  return thrown.kind === 'refused-address' ? 'its address is link-local or of cloud metadata' : thrown.kind;
}

/** Services that show their list to everybody, whatever the credential. */
const publicLists = /(?:^|\.)(?:openrouter\.ai|nvidia\.com)$/u;

interface Finding {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly reachable: boolean;
  readonly upstreamStatus?: number;
  readonly credentialState?: string;
  readonly models?: number;
}

function describe(provider: Provider, answer: ListAnswer): Finding {
  const { form } = provider.endpoint;
  switch (answer.kind) {
    case 'listed': {
      const models = answer.models.size;
      const credentialState = credentialOf(provider);
      const message = `provider answers: credential ${credentialState}, ${models} ${models === 1 ? 'model' : 'models'} listed`;
      return { level: 'info', message, reachable: true, credentialState, models };
    }
    case 'credential-rejected': {
      const message = `provider rejects the credential (HTTP ${answer.status}): check it`;
      return { level: 'warn', message, reachable: true, credentialState: 'rejected', upstreamStatus: answer.status };
    }
    case 'wrong-base-url':
      return wrongBaseUrl(describeFinding(answer.finding, form.paths.models ?? ''), form.baseUrlHint);
    case 'not-json':
      return wrongBaseUrl(
        `${form.paths.models ?? ''} is ${answer.isEmpty ? 'empty' : 'not JSON'} there`,
        form.baseUrlHint,
      );
    case 'no-list': {
      const message = `provider does not list its models (HTTP ${answer.status}), so their context windows are not known from it`;
      return { level: 'info', message, reachable: true, upstreamStatus: answer.status };
    }
    case 'not-asked':
      return { level: 'info', message: 'credential is ready; the provider has no list of models', reachable: true };
    case 'no-credential':
      return { level: 'warn', message: answer.message, reachable: false };
    case 'failed':
      return {
        level: 'warn',
        message: `provider fails (HTTP ${answer.status})`,
        reachable: true,
        upstreamStatus: answer.status,
      };
    case 'unreachable': {
      const message = `provider cannot be reached: ${answer.reason}. Check the base URL`;
      return { level: 'warn', message, reachable: false };
    }
    default:
      return assertNever(answer);
  }
}

function wrongBaseUrl(found: string, hint: string): Finding {
  const message = `provider answers, but ${found}: the base URL looks wrong, or the provider does not list its models. ${hint}`;
  return { level: 'warn', message, reachable: true };
}

function credentialOf({ baseUrl, credential }: Provider): 'accepted' | 'not checked by a public list' | 'not set' {
  if (credential === undefined) return 'not set';
  return publicLists.test(new URL(baseUrl).hostname) ? 'not checked by a public list' : 'accepted';
}
