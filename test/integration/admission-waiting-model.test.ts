import type { Admission, Decision, Reservation } from '@ccg/admission';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, patienceMs, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';
import { createWaitingReference } from './support/waiting-reference.ts';
import type { ReferenceTicket } from './support/waiting-reference.ts';

let rig: AdmissionRig;
let replicas: readonly [Admission, Admission];

beforeEach(async () => {
  rig = await openAdmissionRig();
  replicas = [rig.openAdmission(), rig.openAdmission({ store: await rig.openStore() })];
});

afterEach(async () => {
  await rig.close();
});

const caps = { tenant: 3, user: 2, session: 1 } as const;
const users = ['ada', 'bob', 'eve'] as const;

type Command =
  | {
      readonly kind: 'ask';
      readonly user: 0 | 1 | 2;
      readonly session: 'one' | 'two' | undefined;
      readonly replica: 0 | 1;
    }
  | { readonly kind: 'end' | 'leave'; readonly which: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      user: fc.constantFrom(0 as const, 1 as const, 2 as const),
      session: fc.constantFrom('one' as const, 'two' as const, undefined),
      replica: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('end' as const, 'leave' as const), which: fc.nat(9) }) },
);

/** What the requests of a run have come to, by id. */
interface Asked {
  readonly running: Map<string, Reservation>;
  readonly waiting: Map<string, AbortController>;
}

function ask({ running, waiting }: Asked, ticket: ReferenceTicket, by: Admission): void {
  const leaving = new AbortController();
  waiting.set(ticket.id, leaving);
  const { user: caller, weight, id } = ticket;
  const limits = ticket.sets.map(([subject, maxRunning]) => ({
    ...concurrency(maxRunning, subject),
    maxWaitMs: 600_000,
    maxWaiting: 1000,
  }));
  const began = { caller, weight, bytes: 1, signal: leaving.signal };
  rig.ask({ requestId: id, limits, waiting: began }, by).then(
    (decision: Decision) => {
      waiting.delete(id);
      if (decision.kind === 'admitted') running.set(id, decision.reservation);
    },
    () => waiting.delete(id),
  );
}

/** The requests that Redis has a ticket of. */
async function tickets(): Promise<readonly string[]> {
  const names = await rig.read('ZRANGE', rig.store.redisKeys.waiting(rig.tenant(), 'tickets'), '0', '-1');
  return (names as string[]).map((name) => name.slice(name.lastIndexOf('\n') + 1)).toSorted();
}

const sorted = (ids: Iterable<string>): readonly string[] => [...ids].toSorted();

test('property: whoever asks, ends and leaves on whichever replica, those run whom a plain reference lets run, no place is lost, and all have their turn', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 30 }), async (commands) => {
      rig.changeTenant();
      const reference = createWaitingReference();
      const asked: Asked = { running: new Map(), waiting: new Map() };
      const expectSame = async (): Promise<void> => {
        const state = async () => ({ running: sorted(asked.running.keys()), waiting: await tickets() });
        const expected = { running: sorted(reference.running()), waiting: sorted(reference.waiting()) };
        await expect.poll(state, { timeout: patienceMs, interval: 1 }).toEqual(expected);
      };
      const end = async (id: string): Promise<void> => {
        await asked.running.get(id)?.settle(used());
        asked.running.delete(id);
        reference.end(id);
      };
      for (const [at, one] of commands.entries()) {
        switch (one.kind) {
          case 'ask': {
            const user = users[one.user];
            const sets = [['tenant', caps.tenant] as const, [`user:${user}`, caps.user] as const];
            const session =
              one.session === undefined ? [] : [[`session:${user}:${one.session}`, caps.session] as const];
            const ticket = { id: `r${at}`, user, weight: one.user + 1, sets: [...sets, ...session] };
            reference.ask(ticket);
            ask(asked, ticket, replicas[one.replica]);
            break;
          }
          case 'end': {
            const ids = sorted(asked.running.keys());
            const id = ids[one.which % Math.max(1, ids.length)];
            if (id !== undefined) await end(id);
            break;
          }
          case 'leave': {
            const ids = sorted(asked.waiting.keys());
            const id = ids[one.which % Math.max(1, ids.length)];
            if (id === undefined) break;
            reference.leave(id);
            asked.waiting.get(id)?.abort(new Error('gone'));
            break;
          }
        }
        await expectSame();
      }
      for (let [id] = asked.running.keys(); id !== undefined; [id] = asked.running.keys()) {
        await end(id);
        await expectSame();
      }
      expect(asked.waiting.size).toBe(0);
    }),
    { numRuns: 60 },
  );
}, 120_000);
