import { runGatewayToExit } from '@ccg/testkit';

/** Fills the cache of compiled code: only a process that ends by itself writes what it has compiled. */
export async function setup(): Promise<void> {
  await runGatewayToExit({});
}
