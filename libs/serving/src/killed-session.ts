import { GatewayError } from '@ccg/kernel';
import type { TenantAuthorization, TenantPrincipal } from '@ccg/tenancy';

/** What the client of a session is told that an administrator has ended. */
export function sessionKilled({ contact }: Pick<TenantAuthorization, 'contact'>): GatewayError {
  return new GatewayError(
    'session-killed',
    `An administrator has ended this session. Ask ${contact} why before you go on in a new one.`,
  );
}

/** Throws `session-killed`. */
export function refuseIfKilled(
  { authorization }: Pick<TenantPrincipal, 'authorization'>,
  session: string | undefined,
  nowMs: number,
): void {
  const { killedSessions } = authorization;
  if (killedSessions === undefined || session === undefined) return;
  const isKilled = killedSessions.some((one) => one.session === session && nowMs < one.untilMs);
  if (isKilled) throw sessionKilled(authorization);
}
