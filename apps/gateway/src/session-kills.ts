import type { InterruptibleSink, OpenSinks, Waiting } from '@ccg/edge';
import type { Clock } from '@ccg/kernel';
import { clientNames, sessionKilled } from '@ccg/serving';
import type { Store } from '@ccg/store';
import { callerId, readSessionKill } from '@ccg/tenancy';
import type { SessionKill } from '@ccg/tenancy';

export interface SessionKills {
  /** Ends an answer whose session was killed since the request arrived: it may have been let in by what was known before. */
  endIfKilled(sink: InterruptibleSink, waiting: Waiting, receivedAtMs: number): void;
  close(): void;
}

interface FollowOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly openSinks: OpenSinks;
}

/** Requests that are being read while so many other sessions are killed would be missed. */
const heardMax = 1000;

/** Ends the running requests of sessions that are killed anywhere. Later ones are refused where they are admitted. */
export function followSessionKills({ store, clock, openSinks }: FollowOptions): SessionKills {
  const heard: { readonly kill: SessionKill; readonly atMs: number }[] = [];
  const subscription = store.subscribe(store.redisKeys.sessionKills(), (message) => {
    const kill = readSessionKill(message);
    if (kill === undefined) return;
    heard.push({ kill, atMs: clock.now() });
    if (heard.length > heardMax) heard.shift();
    for (const [sink, waiting] of openSinks.waiting()) endIfOf(kill, sink, waiting);
  });
  return {
    endIfKilled(sink, waiting, receivedAtMs) {
      for (let at = heard.length - 1; at >= 0; at -= 1) {
        const entry = heard[at];
        if (entry === undefined || entry.atMs < receivedAtMs) return;
        endIfOf(entry.kill, sink, waiting);
      }
    },
    close() {
      subscription.cancel();
    },
  };
}

function endIfOf(kill: SessionKill, sink: InterruptibleSink, { principal, headers }: Waiting): void {
  const isOf =
    principal.tenant === kill.tenant &&
    kill.callers.includes(callerId(principal)) &&
    clientNames(headers).session === kill.session;
  if (isOf) sink.interrupt(sessionKilled(principal.authorization));
}
