import { GatewayError } from '@ccg/kernel';
import type { ErrorReport } from './error-report.ts';

const credentialWords = /api[ _-]?key|authenticat|authoriz|credential|access token|permission_denied/iu;

/** Whether an upstream refused the gateway's own credential or account, rather than this request. */
export function isCredentialRejection(status: number, report: ErrorReport): boolean {
  if (status === 401 || status === 402) return true;
  if (status !== 403) return false;
  if (report.type === 'authentication_error' || report.code === 'invalid_api_key') return true;
  return credentialWords.test(report.message ?? '');
}

/**
 * Never a 401: the developer's own credential is fine, and Claude Code answers a 401 with a login. The upstream's
 * text stays out, since it may quote the credential.
 */
export function credentialError(provider: string, status: number): GatewayError {
  const problem =
    status === 402
      ? `The account of the provider "${provider}" has no credit left or was refused`
      : `The provider "${provider}" does not accept the credential that the gateway has for it`;
  return new GatewayError(
    'upstream-credential-rejected',
    `${problem} (HTTP ${status}). Your own key is fine: ask the operators of this gateway to check the credential of "${provider}".`,
  );
}
