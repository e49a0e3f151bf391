import { GatewayError } from '@ccg/kernel';
import type { ErrorCode, GatewayErrorDetails } from '@ccg/kernel';
import type { PromptSize } from '../translation.ts';
import type { FailureReading } from './read-failure.ts';
import { retryAfterMaxSeconds } from './retry-after.ts';
import { roomMinTokens } from './read-lengths.ts';
import type { MissingPermission, UpstreamCause } from './upstream-cause.ts';

/** Who failed, for the text of the error, and how long the prompt is. */
export interface FailureContext {
  readonly provider: string;
  readonly model: string;
  readonly at: PromptSize;
  /** What makes a model known to its server, as a sentence. */
  readonly modelRemedy?: string;
  /** Told of each failure that was read inside an answer. */
  onFailureInside?(this: void, reading: FailureReading): void;
}

/** What the client is told of a failure: the one table from causes to statuses, types and headers. */
export function tellFailure(reading: FailureReading, context: FailureContext): GatewayError {
  const { cause } = reading;
  const refused = () => refusal(reading, context);
  const failing = (code: ErrorCode, wait: number | undefined) =>
    new GatewayError(code, `${sentence(reading, context, 'failed')} Try again.`, waiting(wait));
  switch (cause.kind) {
    case 'overflow':
      return promptTooLong(cause.promptTokens, cause.windowTokens, context.at);
    case 'answer-too-long':
      return answerTooLong(cause, reading, context);
    case 'field-rejected':
    case 'value-rejected':
    case 'count-exceeded':
    case 'schema-rejected':
    case 'form-rejected':
    case 'refused':
      return cause.kind === 'count-exceeded' && cause.what === 'messages'
        ? promptTooLong(undefined, undefined, unknownSize)
        : refused();
    case 'credential':
      return credentialError(context.provider, reading.status, cause.lacks);
    case 'account-empty':
      return accountEmpty(cause.resetsAt, reading, context);
    case 'rate-limited':
      return rateLimited(cause.retryAfterSeconds, reading, context);
    case 'overloaded':
      return failing('upstream-overloaded', cause.retryAfterSeconds);
    case 'timed-out':
      return failing('upstream-timeout', cause.retryAfterSeconds);
    case 'model-unknown': {
      const { modelRemedy: remedy } = context;
      const told = sentence(reading, context, 'refused the request');
      return new GatewayError('model-unknown', remedy === undefined ? told : `${told} ${remedy}`);
    }
    case 'broken':
      return failing(reading.status < 400 ? 'upstream-malformed' : 'upstream-failed', cause.retryAfterSeconds);
  }
}

export const unknownSize: PromptSize = { estimatedTokens: undefined, windowTokens: undefined };

/** The words of the Anthropic API, on which Claude Code compacts. An estimate may be low, but the prompt is over. */
function promptTooLong(stated: number | undefined, window: number | undefined, at: PromptSize): GatewayError {
  const windowTokens = window ?? at.windowTokens;
  if (windowTokens === undefined) return new GatewayError('prompt-too-long', 'Prompt is too long');
  const tokens = Math.max(stated ?? at.estimatedTokens ?? 0, windowTokens + 1);
  return new GatewayError('prompt-too-long', `prompt is too long: ${tokens} tokens > ${windowTokens} maximum`);
}

/** The words of the Anthropic API, on which Claude Code asks for a shorter answer. */
function answerTooLong(
  cause: Extract<UpstreamCause, { kind: 'answer-too-long' }>,
  reading: FailureReading,
  context: FailureContext,
): GatewayError {
  const { askedTokens, modelMaximum, totalTokens, windowTokens = context.at.windowTokens } = cause;
  const prompt = cause.promptTokens ?? context.at.estimatedTokens;
  if (askedTokens !== undefined && modelMaximum !== undefined) {
    return new GatewayError(
      'upstream-refused',
      `max_tokens: ${askedTokens} > ${modelMaximum}, which is the maximum allowed number of output tokens for ${context.model}`,
    );
  }
  if (
    windowTokens !== undefined &&
    prompt !== undefined &&
    askedTokens !== undefined &&
    prompt + roomMinTokens <= windowTokens
  ) {
    return new GatewayError(
      'upstream-refused',
      `input length and \`max_tokens\` exceed context limit: ${prompt} + ${askedTokens} > ${windowTokens}, decrease input length or \`max_tokens\` and try again`,
    );
  }
  const stated = cause.promptTokens ?? totalTokens;
  if (cause.windowTokens !== undefined && stated !== undefined && modelMaximum === undefined) {
    return promptTooLong(stated, windowTokens, context.at);
  }
  return refusal(reading, context);
}

/**
 * A refusal is the client's fault if it is about what the client sent: by its cause, or by its status where nothing more is
 * known. A path or method that the provider does not know is not. Refusals keep the status that says more than 400.
 */
function refusal(reading: FailureReading, context: FailureContext): GatewayError {
  const { status, cause, isEnvelope } = reading;
  const text = sentence(reading, context, 'refused the request');
  const isOfClient = cause.kind !== 'refused' || cause.path !== undefined || !aboutServer(status);
  switch (status) {
    case 403:
      return new GatewayError('upstream-refused', text, { status, type: 'permission_error' });
    case 409:
      return new GatewayError('upstream-failed', text, { status, type: 'conflict_error' });
    case 413:
      return new GatewayError('upstream-refused-size', text);
    default:
      // In Anthropic's own words it is a file or a thread of the client that is not found.
      return isOfClient || (status === 404 && isEnvelope)
        ? new GatewayError('upstream-refused', text)
        : new GatewayError('upstream-failed', text, { status: 400, type: 'invalid_request_error' });
  }
}

/** A status that refuses, and not for what the body holds. With another one a known sentence says that it is about the body. */
function aboutServer(status: number): boolean {
  return status > 400 && status < 500 && status !== 415 && status !== 422;
}

/**
 * Never a 401: the developer's own credential is fine, and Claude Code answers a 401 with a login. The upstream's
 * text stays out, since it may quote the credential; the log has it.
 */
function credentialError(provider: string, status: number, lacks: MissingPermission | undefined): GatewayError {
  const [problem, remedy] =
    status === 403
      ? permissionErrors[lacks ?? 'other']
      : [
          `does not accept the credential that the gateway has for it (HTTP ${status})`,
          `check the credential of "${provider}"`,
        ];
  return new GatewayError(
    'upstream-credential-rejected',
    `The provider "${provider}" ${problem}. Your own key is fine: ask the operators of this gateway to ${remedy}.`,
  );
}

const projectSetting = 'VERTEX_PROJECT, or vertex.project in gateway.yaml';
const permissionErrors: Readonly<Record<MissingPermission | 'other', readonly [problem: string, remedy: string]>> = {
  project: [
    "does not permit this to the gateway's account in its Google Cloud project (HTTP 403)",
    `check that the project is the right one (${projectSetting}) and that the account may use it, with the role "Vertex AI User" for Vertex AI`,
  ],
  api: [
    "does not permit this, because an API is not enabled for the gateway's account in its Google Cloud project (HTTP 403)",
    `enable the API that the log names in the project, and check that the project is the right one (${projectSetting}; an API key belongs to one)`,
  ],
  other: ["does not permit this to the gateway's account (HTTP 403)", 'check the permissions of its credential'],
};

function accountEmpty(resetsAt: string | undefined, reading: FailureReading, context: FailureContext): GatewayError {
  const { status, message = '' } = reading;
  const reset = resetsAt === undefined || message.includes(resetsAt) ? '' : ` It resets at ${resetsAt}.`;
  if (status === 429) {
    const text = sentence(reading, context, 'limits its requests');
    const like = { status, type: 'rate_limit_error', retry: 'never' } as const;
    return new GatewayError('upstream-account-empty', `${text} Its quota is used up.${reset}`, like);
  }
  return new GatewayError(
    'upstream-account-empty',
    `The gateway's account at the provider "${context.provider}" has no credit left (HTTP ${status}).${reset} Your own key is fine: ask the operators of this gateway to top it up.`,
  );
}

function rateLimited(wait: number | undefined, reading: FailureReading, context: FailureContext): GatewayError {
  const text = sentence(reading, context, 'limits its requests');
  return wait !== undefined && wait > retryAfterMaxSeconds
    ? new GatewayError('upstream-rate-limited', `${text} Try again in ${wait} seconds.`, {
        retry: 'never',
        upstreamWaitSeconds: wait,
      })
    : new GatewayError('upstream-rate-limited', text, waiting(wait));
}

function waiting(seconds: number | undefined): GatewayErrorDetails {
  const isTold = seconds !== undefined && seconds <= retryAfterMaxSeconds;
  return { upstreamWaitSeconds: seconds, ...(isTold ? { retryAfterSeconds: seconds } : {}) };
}

/** One readable sentence, with the upstream's own words where it has any, and the member that they are about. */
function sentence({ status, message, cause }: FailureReading, { provider }: FailureContext, what: string): string {
  const head = `The provider "${provider}" ${what}`;
  if (message === undefined) return `${head} (HTTP ${status}).`;
  const path = cause.kind === 'refused' ? cause.path : undefined;
  const text = shorten(path === undefined || message.includes(path) ? message : `${path}: ${message}`);
  return `${head}: ${/[.!?…]$/u.test(text) ? text : `${text}.`}`;
}

/** The first 500 characters of an upstream's text, on one line. */
function shorten(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
