import type { StoreState } from './guard.ts';
import { slotOf } from './key-slot.ts';
import type { Link } from './link.ts';
import type { Topology } from './topology.ts';

/** A node to ask, and the way to it. `asking`: it does not own what it is asked for yet. */
export interface Hop {
  readonly address: string;
  readonly link: Link;
  readonly asking: boolean;
}

/** The primaries of a cluster as far as they are known, with a link to each. */
export interface ClusterNodes {
  /** Opens what is new and closes what is no primary any more. */
  learn(topology: Topology): void;
  /** A single slot has another owner. */
  moved(slot: number, address: string): void;
  linkTo(address: string): Link;
  /** The node of a redis key, or one that answers for a command without any; undefined where none is known. */
  forKey(redisKey: string | undefined): Hop | undefined;
  /** Those that answer, in an order that differs each time. */
  answering(): readonly Hop[];
  isEmpty(): boolean;
  /** How many slots have no node. */
  uncovered(): number;
  state(): StoreState;
  /** What is away, for people. */
  missing(): string;
  /** Rejects with the StoreUnavailableError of a link that is not ready in time. */
  whenReady(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export function createClusterNodes(open: (address: string) => Link): ClusterNodes {
  const links = new Map<string, Link>();
  let owners: (string | undefined)[] = [undefined];

  function linkTo(address: string): Link {
    const link = links.get(address) ?? open(address);
    links.set(address, link);
    return link;
  }

  function hopTo(address: string | undefined): Hop | undefined {
    const link = address === undefined ? undefined : links.get(address);
    return address === undefined || link === undefined ? undefined : { address, link, asking: false };
  }

  function answering(): readonly Hop[] {
    const hops = [...links].flatMap(([address, link]) =>
      link.state() === 'ready' ? [{ address, link, asking: false, order: Math.random() }] : [],
    );
    return hops.toSorted((a, b) => a.order - b.order);
  }

  const uncovered = () => owners.filter((owner) => owner === undefined).length;
  const away = () => [...links].filter(([, link]) => link.state() !== 'ready').map(([address]) => address);

  return {
    learn({ owners: learned, primaries }) {
      owners = [...learned];
      for (const address of primaries) linkTo(address);
      for (const [address, link] of links) {
        if (primaries.has(address)) continue;
        links.delete(address);
        void link.close();
      }
    },
    moved(slot, address) {
      owners[slot] = address;
    },
    linkTo,
    forKey: (redisKey) => (redisKey === undefined ? answering()[0] : hopTo(owners[slotOf(redisKey)])),
    answering,
    isEmpty: () => links.size === 0,
    uncovered,
    state() {
      if (links.size > 0 && uncovered() === 0 && away().length === 0) return 'ready';
      return away().length < links.size ? 'partial' : 'down';
    },
    missing: () => (away().length > 0 ? `no answer from ${away().join(', ')}` : 'not every slot has a node'),
    async whenReady(timeoutMs) {
      await Promise.all([...links.values()].map((link) => link.whenReady(timeoutMs)));
    },
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
    },
  };
}
