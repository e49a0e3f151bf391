import { GatewayError } from '@ccg/kernel';
import type { KilledSession, TenantAuthorization, TenantPrincipal } from '@ccg/tenancy';

/** What the client of a session is told that an administrator has ended. */
export function sessionKilled({ contact }: Pick<TenantAuthorization, 'contact'>): GatewayError {
  return new GatewayError(
    'session-killed',
    `An administrator has ended this session. Ask ${contact} why before you go on in a new one.`,
  );
}

/** The kill that a request of the session is refused by, if there is one. */
export function killOf(
  { authorization }: Pick<TenantPrincipal, 'authorization'>,
  session: string | undefined,
  nowMs: number,
): KilledSession | undefined {
  const { killedSessions } = authorization;
  if (killedSessions === undefined || session === undefined) return undefined;
  return killedSessions.find((one) => one.session === session && nowMs < one.untilMs);
}
