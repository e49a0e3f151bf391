import { lookup } from 'node:dns';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { UpstreamCallError } from './call-error.ts';

/** Finds the addresses of a name, as `lookup` of `node:dns` does. */
export type Resolve = (
  host: string,
  options: LookupAllOptions,
  found: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/**
 * A lookup that gives only addresses that are not refused. The socket connects to one of these, so no second answer of
 * a name server can lead elsewhere. A name that has no other addresses fails as `refused-address`.
 */
export function guardedLookup(isRefused: (address: string) => boolean, resolve: Resolve = lookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => !isRefused(address));
      const [first] = allowed;
      if (first === undefined) callback(new UpstreamCallError('refused-address'), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
