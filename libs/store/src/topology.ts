import { StoreUnavailableError } from './errors.ts';
import { slotCount } from './key-slot.ts';
import type { Send } from './link.ts';

/** Which node serves which slot; addresses are `host:port`. */
export interface Topology {
  /** The primary of each slot; undefined for one that nobody serves. */
  readonly owners: readonly (string | undefined)[];
  readonly primaries: ReadonlySet<string>;
}

/** Asks a node of a cluster for the whole of it. `address` is where that node was reached: a node may not know its own. */
export async function readTopology(send: Send, address: string): Promise<Topology> {
  const reply = await send('cluster', ['slots']).catch((error: unknown) => {
    throw toTopologyError(error);
  });
  const owners: (string | undefined)[] = Array.from({ length: slotCount });
  for (const [from, to, primary] of rangesOf(reply)) owners.fill(addressOfNode(primary, address), from, to + 1);
  return { owners, primaries: new Set(owners.filter((owner) => owner !== undefined)) };
}

function toTopologyError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return error;
  const { message } = error;
  if (message.includes('cluster support disabled')) {
    return new StoreUnavailableError('refused', 'it is not a node of a cluster', 'not-cluster');
  }
  const fault = message.startsWith('NOPERM') ? 'cluster-denied' : undefined;
  return new StoreUnavailableError('refused', message.split(' ', 1).join(), fault);
}

type Range = readonly [from: number, to: number, primary: readonly unknown[]];

function rangesOf(reply: unknown): readonly Range[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((range: unknown): readonly Range[] => {
    const [from, to, primary]: readonly unknown[] = Array.isArray(range) ? range : [];
    return Array.isArray(primary) ? [[Number(from), Number(to), primary]] : [];
  });
}

/** A node that does not know its host, or may not tell it, is where it was asked. */
function addressOfNode([host, port]: readonly unknown[], asked: string): string {
  const known = typeof host === 'string' && host !== '' && host !== '?';
  return joinAddress(known ? host : asked.slice(0, asked.lastIndexOf(':')), String(port));
}

/** Where a node sends us instead. */
export type Redirection =
  | { readonly kind: 'moved'; readonly slot: number; readonly address: string }
  /** This one command alone. */
  | { readonly kind: 'ask'; readonly address: string }
  /** The redis keys of a command are on their way from one node to another. */
  | { readonly kind: 'try-again' };

/** Reads an error reply; undefined for one that is no redirection. A reply without a host means the host that was asked. */
export function redirectionOf(error: unknown, asked: string): Redirection | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const [word, slot, address = ''] = error.message.split(' ', 3);
  if (word === 'TRYAGAIN') return { kind: 'try-again' };
  if (word !== 'MOVED' && word !== 'ASK') return undefined;
  const at = address.lastIndexOf(':');
  const whole = addressOfNode([address.slice(0, at), address.slice(at + 1)], asked);
  return word === 'ASK' ? { kind: 'ask', address: whole } : { kind: 'moved', slot: Number(slot), address: whole };
}

function joinAddress(host: string, port: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
