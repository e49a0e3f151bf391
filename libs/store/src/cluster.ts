import type { Clock } from '@ccg/kernel';
import { createClusterNodes } from './cluster-nodes.ts';
import { retryDelayMs } from './connection.ts';
import type { ClusterNodes, Hop } from './cluster-nodes.ts';
import { StoreUnavailableError } from './errors.ts';
import type { StateListener, StoreState } from './guard.ts';
import { slotCount } from './key-slot.ts';
import { openLink } from './link.ts';
import type { Operation, Way, WayOptions } from './link.ts';
import { addressOf, nodeTarget, placeOf } from './target.ts';
import type { ConnectionTarget } from './target.ts';
import { readTopology, redirectionOf } from './topology.ts';
import type { Redirection, Topology } from './topology.ts';

const topologyTimeoutMs = 2000;
const tryAgainMs = 20;
const pollMs = 50;
/** A command that is sent on more often than this meets nodes that do not agree. */
const redirectionsMax = 5;

/** The way to a cluster. */
export interface Cluster extends Way {
  /** The target of a node that answers, or else of one that may. */
  someNode(): ConnectionTarget;
}

/**
 * Opens a link to each primary, so that every node has a time-out, a breaker and joined writes of its own and no call
 * waits for a node that it does not need. The cluster is asked for its nodes at the start, when a node sends a command on
 * and while a node is away.
 */
export function openCluster(target: ConnectionTarget, options: WayOptions): Cluster {
  const { clock, onState } = options;
  let reported: StoreState | undefined;
  let wasWhole = false;
  let failure = new StoreUnavailableError('down', 'not connected yet');
  const nodes = createClusterNodes((address) => openLink(nodeTarget(target, address), { ...options, onState: check }));
  const search = createSearch(clock, async () => {
    try {
      nodes.learn(await findTopology(target, nodes.answering(), options));
      failure = uncoveredFailure(nodes);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      failure = error;
    }
    check();
    return nodes.state() === 'ready';
  });

  /** Runs whenever the state may have changed. */
  function check(): void {
    const now = nodes.state();
    if (now === 'ready') wasWhole = true;
    else search.soon();
    // While the first links come up there is nothing to tell.
    if (!wasWhole && !nodes.isEmpty()) return;
    if (now === reported || search.isClosed()) return;
    reported = now;
    onState?.(now, now === 'ready' ? 'connected' : failureNow().detail);
  }

  /** Before any node is known, why; else which ones are away. */
  function failureNow(): StoreUnavailableError {
    return nodes.isEmpty() || failure.fault !== undefined
      ? failure
      : new StoreUnavailableError('down', nodes.missing());
  }

  search.now();
  return {
    async perform(redisKey, timeoutMs, operation) {
      const first = nodes.forKey(redisKey);
      if (first === undefined) throw failureNow();
      return await followRedirections({ nodes, clock, refresh: search.now }, first, timeoutMs, operation);
    },
    async whenReady(timeoutMs) {
      const deadline = clock.now() + timeoutMs;
      while (nodes.state() !== 'ready') {
        if (failure.fault !== undefined) throw failure;
        const ofNode = await nodes.whenReady(pollMs).then(() => undefined, toNodeFailure);
        if (ofNode?.fault !== undefined) throw ofNode;
        if (clock.now() >= deadline) throw failureNow();
        if (ofNode === undefined) await pause(clock, pollMs);
      }
    },
    state: nodes.state,
    someNode() {
      const [answering] = nodes.answering();
      return nodeTarget(target, answering?.address ?? anyOf(startAddresses(target)));
    },
    async close() {
      search.close();
      await nodes.close();
    },
  };
}

function uncoveredFailure(nodes: ClusterNodes): StoreUnavailableError {
  const count = nodes.uncovered();
  if (count === 0) return new StoreUnavailableError('down', 'connection lost');
  return new StoreUnavailableError('down', `${count} of ${slotCount} slots have no node`, 'slots-uncovered');
}

function toNodeFailure(error: unknown): StoreUnavailableError | undefined {
  if (error instanceof StoreUnavailableError) return error;
  throw error;
}

interface Search {
  now(this: void): void;
  soon(): void;
  isClosed(): boolean;
  close(): void;
}

/** Runs `look` one at a time, and again after a while, which grows to a second, until it is satisfied. */
function createSearch(clock: Clock, look: () => Promise<boolean>): Search {
  let running = false;
  let closed = false;
  let attempts = 0;
  let cancel: (() => void) | undefined;

  function now(): void {
    if (closed || running) return;
    cancel?.();
    cancel = undefined;
    running = true;
    void look().then((isSatisfied) => {
      running = false;
      attempts = isSatisfied ? 0 : attempts + 1;
      if (!isSatisfied) soon();
    });
  }

  function soon(): void {
    if (closed || running) return;
    cancel ??= clock.schedule(retryDelayMs(attempts), now);
  }

  return {
    now,
    soon,
    isClosed: () => closed,
    close() {
      closed = true;
      cancel?.();
    },
  };
}

/** The targets of all primaries. Rejects with StoreUnavailableError. */
export async function findPrimaries(
  target: ConnectionTarget,
  options: Omit<WayOptions, 'onState'>,
): Promise<readonly ConnectionTarget[]> {
  const { primaries } = await findTopology(target, [], options);
  return [...primaries].map((address) => nodeTarget(target, address));
}

/** Asks nodes that answer, then those of the configuration. Rejects with the failure of one that should have answered. */
async function findTopology(
  target: ConnectionTarget,
  answering: readonly Hop[],
  options: WayOptions,
): Promise<Topology> {
  let failure = new StoreUnavailableError('down', 'no node is known');
  const note = (error: unknown): undefined => {
    if (!(error instanceof StoreUnavailableError)) throw error;
    // What no waiting mends is told first.
    if (failure.fault === undefined) failure = error;
    return undefined;
  };
  for (const { address, link } of answering) {
    const topology = await link
      .perform(undefined, topologyTimeoutMs, (send) => readTopology(send, address))
      .catch(note);
    if (topology !== undefined) return topology;
  }
  for (const address of startAddresses(target)) {
    const topology = await askNewly(target, address, options).catch(note);
    if (topology !== undefined) return topology;
  }
  throw failure;
}

async function askNewly(target: ConnectionTarget, address: string, options: WayOptions): Promise<Topology> {
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const onState: StateListener = (state, detail) => {
    if (state === 'down') refused.reject(new StoreUnavailableError('down', detail));
  };
  const link = openLink(nodeTarget(target, address), { ...options, onState });
  try {
    // The search is repeated, so one attempt to connect is enough.
    await Promise.race([link.whenReady(topologyTimeoutMs), refused.promise]);
    return await link.perform(undefined, topologyTimeoutMs, (send) => readTopology(send, address));
  } finally {
    await link.close();
  }
}

function startAddresses(target: ConnectionTarget): readonly string[] {
  const place = placeOf(target);
  return place.kind === 'cluster' ? place.urls.flatMap((url) => addressOf(url) ?? []) : [];
}

function anyOf(addresses: readonly string[]): string {
  return addresses[Math.floor(Math.random() * addresses.length)] ?? '';
}

interface Redirecting {
  readonly nodes: ClusterNodes;
  readonly clock: Clock;
  /** Has the cluster asked again for its nodes. */
  readonly refresh: () => void;
}

/** What a node made of an operation: its reply, or where to go with it. */
type Outcome<Reply> = { readonly kind: 'replied'; readonly reply: Reply } | Redirection;

/** A redirection means that nothing was done, so the operation may be sent again. */
async function followRedirections<Reply>(
  to: Redirecting,
  first: Hop,
  timeoutMs: number,
  operation: Operation<Reply>,
): Promise<Reply> {
  const { clock } = to;
  const deadline = clock.now() + timeoutMs;
  let hop = first;
  // The usual case costs no look at the clock.
  let leftMs = timeoutMs;
  let redirections = 0;
  while (redirections <= redirectionsMax) {
    const outcome = await attempt(hop, leftMs, operation);
    if (outcome.kind === 'replied') return outcome.reply;
    if (outcome.kind === 'try-again') await pause(clock, tryAgainMs);
    else hop = await nextHop(to, outcome, deadline - clock.now());
    if (outcome.kind !== 'try-again') redirections += 1;
    leftMs = deadline - clock.now();
    if (leftMs <= 0) throw new StoreUnavailableError('refused', 'its redis keys are being moved to another node');
  }
  throw new StoreUnavailableError('refused', 'its nodes do not agree on where a redis key is');
}

async function attempt<Reply>(hop: Hop, timeoutMs: number, operation: Operation<Reply>): Promise<Outcome<Reply>> {
  const { address, link, asking } = hop;
  const guarded: Operation<Outcome<Reply>> = async (send) => {
    try {
      return { kind: 'replied', reply: await operation(send) };
    } catch (error) {
      const redirection = redirectionOf(error, address);
      if (redirection === undefined) throw error;
      return redirection;
    }
  };
  return asking ? await link.performAsking(timeoutMs, guarded) : await link.perform(undefined, timeoutMs, guarded);
}

async function nextHop(
  { nodes, refresh }: Redirecting,
  to: Exclude<Redirection, { kind: 'try-again' }>,
  leftMs: number,
): Promise<Hop> {
  const { kind, address } = to;
  const link = nodes.linkTo(address);
  if (kind === 'moved') {
    nodes.moved(to.slot, address);
    refresh();
  }
  // A node that was not known before has to be reached first.
  await link.whenReady(Math.max(1, leftMs));
  return { address, link, asking: kind === 'ask' };
}

async function pause(clock: Clock, durationMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.schedule(durationMs, resolve);
  });
}
