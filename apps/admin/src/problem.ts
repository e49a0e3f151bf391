import { STATUS_CODES } from 'node:http';
import type { ErrorForm } from '@ccg/edge';
import { assertNever, GatewayError, toGatewayError } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { FieldIssue, Refusal, Subject } from '@ccg/tenancy';
import { z } from 'zod';

/** A field that cannot be used, as the client reads it. */
interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Errors of the admin API are problem documents (RFC 9457). */
export const problemErrors: ErrorForm = {
  contentType: 'application/problem+json',
  bodyOf(error, requestId) {
    const { code, status, publicMessage: detail, publicDetails } = error;
    const errors = fieldErrors.safeParse(publicDetails).data;
    const title = STATUS_CODES[status] ?? 'Error';
    const problem = { type: `urn:ccg:problem:${code}`, title, status, detail, code, requestId, errors };
    return Buffer.from(JSON.stringify(problem));
  },
};

const fieldErrors = z.array(z.object({ path: z.string(), message: z.string() }));

/** What is wrong with fields of the input, all at once. */
export function invalidFields(issues: readonly FieldIssue[]): GatewayError {
  return withFields(
    'invalid',
    'Some fields cannot be used. Correct what `errors` names, and send the request again.',
    issues,
  );
}

/** Faults that a schema has found. */
export function issuesOf(issues: readonly z.core.$ZodIssue[]): readonly FieldIssue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: 'is not known here. Remove it' }));
    }
    if (issue.code === 'invalid_union' && issue.message === unsaid) {
      return faultsOfFitting(issue.errors).map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
    }
    return [{ path, message: issue.message }];
  });
}

/** What zod says where a schema has no words of its own. */
const unsaid = 'Invalid input';

/** What is wrong within the alternative that is of the right type. */
function faultsOfFitting(alternatives: readonly (readonly z.core.$ZodIssue[])[]): readonly FieldIssue[] {
  const isFitting = (issues: readonly z.core.$ZodIssue[]) =>
    !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  return issuesOf(alternatives.find(isFitting) ?? alternatives[0] ?? []);
}

/** What a refused verb is answered with. */
export function refusalError(refusal: Refusal): GatewayError {
  switch (refusal.kind) {
    case 'scope-missing':
      return new GatewayError(
        'scope-missing',
        `This needs the scope "${refusal.scope}", which your credential does not have. Ask an operator of this gateway for it.`,
        { reason: refusal.scope },
      );
    case 'beyond-actor':
      return withFields(
        'beyond-actor',
        'You cannot give what you do not have yourself. Correct what `errors` names, or ask an operator of this gateway.',
        refusal.issues,
      );
    case 'unknown':
      return new GatewayError(
        'unknown',
        `There is no such ${nounOf[refusal.subject]}. ${whereToLook[refusal.subject]}`,
      );
    case 'taken':
      return withFields(
        'taken',
        `Another ${nounOf[refusal.subject]} has that ${refusal.path.join('.')} already. Choose another one, or change the one that exists.`,
        [{ path: refusal.path, message: 'is taken' }],
      );
    case 'invalid':
      return invalidFields(refusal.issues);
    case 'file-owned':
      return new GatewayError(
        'file-owned',
        `gateway.yaml owns this ${nounOf[refusal.subject]}, so it is changed there alone. Edit the file and apply it.`,
      );
    case 'not-rotatable':
      return new GatewayError('not-rotatable', notRotatable[refusal.reason], { reason: refusal.reason });
    default:
      return assertNever(refusal);
  }
}

const nounOf: Readonly<Record<Subject, string>> = {
  tenant: 'tenant',
  user: 'user',
  'api-key': 'API key',
  token: 'token',
  policy: 'policy',
  limit: 'limit',
  session: 'session',
  batch: 'batch',
};

/** What an unknown one may be, and how those are listed that there are. */
const whereToLook: Readonly<Record<Subject, string>> = {
  tenant: 'Check the id: `ccg tenants list` shows all of them.',
  user: 'Check the id and the tenant: `ccg users list` shows all of them.',
  'api-key': 'Check the id and the tenant: `ccg keys list` shows all of them.',
  token: 'Check the id, which is the claim `jti` of the token, and the tenant.',
  policy: 'Check the name and the tenant: `ccg policies list` shows all of them.',
  limit: 'Check the name and the tenant: `ccg limits list` shows all of them.',
  session: 'Check the id and the tenant: `ccg sessions list` shows those of the last day.',
  batch: 'Check the id: `ccg batches list` shows all of them.',
};

const notRotatable = {
  revoked: 'This API key is revoked, so it cannot be rotated. Create a new one.',
  expired: 'This API key has expired, so it cannot be rotated. Create a new one.',
  rotated: 'This API key was rotated before. Rotate its successor, which its record names.',
};

/** Whatever was thrown, as an error that a client can be told. */
export function thrownError(thrown: unknown): GatewayError {
  if (!(thrown instanceof StoreUnavailableError)) return toGatewayError(thrown);
  return new GatewayError(
    'store-unavailable',
    'The store of the gateway does not answer, so this may or may not have been done. Try again in a few seconds.',
    { retryAfterSeconds: 5, cause: thrown },
  );
}

function withFields(
  code: 'invalid' | 'beyond-actor' | 'taken',
  message: string,
  issues: readonly FieldIssue[],
): GatewayError {
  const errors = issues.map(({ path, message: fault }): FieldError => ({ path: pathText(path), message: fault }));
  return new GatewayError(code, message, { publicDetails: errors });
}

/** `allowlist.models[0]`. */
function pathText(path: FieldIssue['path']): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');
}
