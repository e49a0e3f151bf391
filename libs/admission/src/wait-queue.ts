import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { WaitEnd } from './limits.ts';
import { stepInStore } from './wait.ts';
import type { Ticket, WaitReply } from './wait.ts';

/** What a request that waits is told: a place was granted, Redis is away, or too many wait already. */
export type Turn = 'granted' | 'away' | Extract<WaitEnd, 'full'>;

/** A ticket in the queue of its tenant. */
export interface Queued {
  readonly ticket: Ticket;
  readonly told: Promise<Turn>;
  /** Resolves when Redis has the ticket, or was away. */
  readonly entered: Promise<void>;
  /** Where it stands, once it has entered. */
  place(this: void): string | undefined;
}

/** The queues of this process, one for each tenant; those of all processes are one queue in Redis. */
export interface WaitQueue {
  /** `place`: where the ticket stood before. */
  join(ticket: Ticket, place: string | undefined): Queued;
  /** Goes on with a ticket for the same lease sets, whose caps may have been changed. In the background. */
  update(queued: Queued, ticket: Ticket): void;
  /** Gives up the ticket, and the place that it may have been granted. Resolves when that is done, and never rejects. */
  leave(queued: Queued): Promise<void>;
  /** Forgets a ticket whose place was taken. */
  forget(queued: Queued): void;
  /** Grants the places that are free, in the background. */
  grant(this: void, tenant: string): void;
}

interface WaitQueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells this process from all others. */
  readonly replica: string;
  readonly note: (error: unknown) => void;
}

interface Entry {
  ticket: Ticket;
  place: string | undefined;
  /** Redis has it, as far as known. */
  isEntered: boolean;
  readonly tell: (turn: Turn) => void;
}

interface Room {
  readonly tenant: string;
  readonly entries: Map<string, Entry>;
  /** Lease sets for which somebody waits, as last known. */
  knownSets: ReadonlySet<string>;
  /** How many leases lease sets may have, as Redis was told by this process. */
  readonly toldMaxima: Map<string, number>;
  failures: number;
  isPolling: boolean;
  isLooking: boolean;
  lookAgain: boolean;
  /** The next look finds out which tickets were lost. */
  isCheckDue: boolean;
}

/** How often Redis is looked at without being told of a grant: places that lapse are freed, and messages can be lost. */
const pollMs = 1000;
/** After so many looks that Redis did not answer, those who wait are decided upon without it. */
const failuresMax = 2;

export function createWaitQueue({ store, clock, replica, note }: WaitQueueOptions): WaitQueue {
  const rooms = createRooms();
  const step = createStep(store, replica, note);
  const { enter, look } = createVisits(rooms, step, note);
  let isSubscribed = false;

  function subscribe(): void {
    if (isSubscribed) return;
    isSubscribed = true;
    store.subscribe(store.redisKeys.grants(replica), (message) => {
      const [tenant = '', requestId = ''] = message.split('\n');
      tell(rooms.known(tenant), requestId, 'granted');
    });
  }

  function poll(room: Room): void {
    if (room.isPolling) return;
    room.isPolling = true;
    clock.schedule(pollMs, () => {
      room.isPolling = false;
      room.isCheckDue = true;
      if (room.entries.size > 0) poll(room);
      void look(room);
    });
  }

  async function leaveRoom(ticket: Ticket): Promise<void> {
    const room = rooms.of(ticket.tenant);
    await step(room, 'leave', { ticket, place: undefined }).catch(note);
    rooms.drop(room);
  }

  const forget = ({ ticket }: Queued): void => {
    rooms.known(ticket.tenant)?.entries.delete(ticket.requestId);
  };

  return {
    join(ticket, place) {
      subscribe();
      const room = rooms.of(ticket.tenant);
      const { promise: told, resolve } = Promise.withResolvers<Turn>();
      const entry: Entry = { ticket, place, isEntered: false, tell: resolve };
      room.entries.set(ticket.requestId, entry);
      poll(room);
      return { ticket, told, entered: enter(room, entry), place: () => entry.place };
    },
    update({ ticket: { tenant, requestId } }, ticket) {
      const room = rooms.known(tenant);
      const entry = room?.entries.get(requestId);
      if (room === undefined || entry === undefined) return;
      entry.ticket = ticket;
      // What one of those who wait has told holds for all.
      if (ticket.leaseSets.some(([set, max]) => room.toldMaxima.get(set) !== max)) void enter(room, entry);
    },
    async leave(queued) {
      forget(queued);
      await queued.entered;
      await leaveRoom(queued.ticket);
    },
    forget,
    grant(tenant) {
      void look(rooms.of(tenant));
    },
  };
}

/** How tickets get into Redis, and how it is looked at whether they are still there and whose turn has come. Neither rejects. */
function createVisits(rooms: Rooms, step: Step, note: (error: unknown) => void) {
  async function enter(room: Room, entry: Entry): Promise<void> {
    const { ticket } = entry;
    for (const [set, max] of ticket.leaseSets) room.toldMaxima.set(set, max);
    try {
      const { status, place } = await step(room, 'enter', entry);
      entry.place = place === '' ? undefined : place;
      entry.isEntered = status === 'waiting';
      if (status === 'full' || status === 'granted') tell(room, ticket.requestId, status);
    } catch (error) {
      note(error);
      tell(room, ticket.requestId, 'away');
    }
  }

  async function lookOnce(room: Room): Promise<void> {
    const entered = room.isCheckDue ? [...room.entries.values()].filter(({ isEntered }) => isEntered) : [];
    room.isCheckDue = false;
    try {
      const { waiting } = await step(room, 'look');
      const lost = entered.filter((one) => room.entries.get(one.ticket.requestId) === one);
      // Redis has lost some, or took this process for dead: each goes back to where it was.
      if (waiting < lost.length) for (const one of lost) await enter(room, one);
    } catch (error) {
      note(error);
      room.failures += 1;
      const isAway = room.failures >= failuresMax && error instanceof StoreUnavailableError;
      if (isAway) for (const requestId of room.entries.keys()) tell(room, requestId, 'away');
    }
  }

  /** Looks once, and once more if that was asked for meanwhile: one look grants all places that are free. */
  async function look(room: Room): Promise<void> {
    room.lookAgain = true;
    if (room.isLooking) return;
    room.isLooking = true;
    while (room.lookAgain) {
      room.lookAgain = false;
      await lookOnce(room);
    }
    room.isLooking = false;
    rooms.drop(room);
  }

  return { enter, look };
}

function tell(room: Room | undefined, requestId: string, turn: Turn): void {
  const entry = room?.entries.get(requestId);
  if (entry === undefined) return;
  room?.entries.delete(requestId);
  entry.tell(turn);
}

type Rooms = ReturnType<typeof createRooms>;

function createRooms() {
  const rooms = new Map<string, Room>();
  return {
    known: (tenant: string) => rooms.get(tenant),
    of(tenant: string): Room {
      const known = rooms.get(tenant);
      if (known !== undefined) return known;
      const flags = { failures: 0, isPolling: false, isLooking: false, lookAgain: false, isCheckDue: false };
      const room: Room = { tenant, entries: new Map(), knownSets: new Set(), toldMaxima: new Map(), ...flags };
      rooms.set(tenant, room);
      return room;
    },
    /** Forgets a room in which nobody is and nothing runs. */
    drop({ tenant, entries, isPolling, isLooking }: Room): void {
      if (entries.size === 0 && !isPolling && !isLooking) rooms.delete(tenant);
    },
  };
}

type Step = (
  room: Room,
  kind: 'enter' | 'leave' | 'look',
  entry?: Pick<Entry, 'ticket' | 'place'>,
) => Promise<WaitReply>;

/** Takes a step in Redis and passes on what was granted. Takes another one where Redis knows lease sets that this process did not. */
function createStep(store: Store, replica: string, note: (error: unknown) => void): Step {
  function passOn(room: Room, reply: WaitReply): void {
    room.failures = 0;
    for (const { replica: other, requestId } of reply.grantedElsewhere) {
      void store.command('publish', [store.redisKeys.grants(other), `${room.tenant}\n${requestId}`]).catch(note);
    }
    for (const requestId of reply.granted) tell(room, requestId, 'granted');
  }

  return async (room, kind, entry) => {
    const { tenant } = room;
    const asking = { tenant, replica: room.entries.size > 0 || kind !== 'look' ? replica : '' };
    const first = await stepInStore(store, { ...asking, kind, ...entry, otherSets: room.knownSets });
    passOn(room, first);
    for (let missing = first.missingSets; missing.length > 0;) {
      room.knownSets = new Set(missing);
      const next = await stepInStore(store, { ...asking, kind: 'look', otherSets: room.knownSets });
      passOn(room, next);
      missing = next.missingSets;
    }
    return first;
  };
}
