import { existsSync } from 'node:fs';
import { hostname } from 'node:os';

import type { Catalog } from '@ccg/catalog';
import { isLoopback } from '@ccg/edge';

/** The container that a process runs in. */
export interface Container {
  /** By which `docker exec` finds it; undefined where it was started with a host name of its own. */
  readonly id: string | undefined;
}

/**
 * Tells whether a container of Docker or Podman was started for this process: both leave a file, and it is the first process
 * there. Whoever starts it from a terminal in a container reads what is true in that container.
 */
export function findContainer(): Container | undefined {
  if (process.pid !== 1) return undefined;
  if (!['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file))) return undefined;
  const name = hostname();
  return { id: /^[0-9a-f]{12}$/u.test(name) ? name : undefined };
}

interface ListenerAndProviders {
  readonly host: string;
  readonly catalog: Pick<Catalog, 'providers'>;
}

/** What works on a machine and not in a container, where the loopback address is the container's own. */
export function containerWarnings({ host, catalog }: ListenerAndProviders): readonly string[] {
  const closed = isLoopback(host)
    ? [
        `HOST is ${host}, which nobody reaches from outside of this container. Leave HOST out, and publish the port to ` +
          'this machine alone: -p 127.0.0.1:4000:4000.',
      ]
    : [];
  const own = [...catalog.providers.values()]
    .filter(({ onlyByName, baseUrl }) => onlyByName !== true && isLoopback(hostIn(baseUrl)))
    .map(
      ({ name, baseUrl }) =>
        `The provider ${name} is at ${baseUrl}, which is this container itself. For a server of the machine write ` +
        'host.docker.internal instead (docker run: with --add-host host.docker.internal:host-gateway).',
    );
  return [...closed, ...own];
}

function hostIn(url: string): string {
  return new URL(url).hostname.replaceAll(/[[\]]/gu, '');
}
