/** What a waiting room should do, in plain words and by going through everybody each time. */
export interface WaitingReference {
  ask(ticket: ReferenceTicket): void;
  end(id: string): void;
  leave(id: string): void;
  running(): readonly string[];
  waiting(): readonly string[];
}

export interface ReferenceTicket {
  readonly id: string;
  readonly user: string;
  readonly weight: number;
  /** In which it needs a place, and how many there are. */
  readonly sets: readonly (readonly [name: string, max: number])[];
}

export function createWaitingReference(): WaitingReference {
  const running = new Map<string, ReferenceTicket>();
  /** In the order of arrival. */
  const waiting: ReferenceTicket[] = [];
  /** When each user's next turn is. */
  const turns = new Map<string, number>();
  let turn = 0;

  const hasRoom = ({ sets }: ReferenceTicket): boolean =>
    sets.every(([name, max]) => {
      const inUse = [...running.values()].filter((other) => other.sets.some(([used]) => used === name));
      return inUse.length < max;
    });

  /** Each user's oldest request that has room; of these that of the user whose turn comes first. */
  function next(): ReferenceTicket | undefined {
    const oldest = new Map<string, ReferenceTicket>();
    for (const ticket of waiting) if (!oldest.has(ticket.user) && hasRoom(ticket)) oldest.set(ticket.user, ticket);
    const turnOf = ({ user }: ReferenceTicket): number => turns.get(user) ?? 0;
    return [...oldest.values()].toSorted((a, b) => turnOf(a) - turnOf(b) || (a.user < b.user ? -1 : 1))[0];
  }

  function grant(): void {
    for (let ticket = next(); ticket !== undefined; ticket = next()) {
      waiting.splice(waiting.indexOf(ticket), 1);
      running.set(ticket.id, ticket);
      turn = Math.max(turn, turns.get(ticket.user) ?? 0);
      turns.set(ticket.user, turn + 1 / ticket.weight);
    }
  }

  return {
    ask(ticket) {
      const others = waiting.some(({ sets }) => sets.some(([name]) => ticket.sets.some(([own]) => own === name)));
      if (!others && hasRoom(ticket)) {
        running.set(ticket.id, ticket);
        return;
      }
      // Who comes anew, or again, has saved up no turns.
      const isNew = waiting.every(({ user }) => user !== ticket.user);
      if (isNew) turns.set(ticket.user, Math.max(turn, turns.get(ticket.user) ?? 0));
      waiting.push(ticket);
      grant();
    },
    end(id) {
      running.delete(id);
      grant();
    },
    leave(id) {
      waiting.splice(
        waiting.findIndex((ticket) => ticket.id === id),
        1,
      );
      grant();
    },
    running: () => [...running.keys()],
    waiting: () => waiting.map(({ id }) => id),
  };
}
