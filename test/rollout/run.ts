import { openStreams, startLoad, tally } from './load.ts';
import type { Tally } from './load.ts';
import { sleep, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

// Replaces two gateways behind HAProxy, one after the other: under load, and with open streams at SIGTERM. Not one request may
// fail and not one stream may be cut; else the exit code is not 0.

const requestsPerSecond = 50;
const openStreamsCount = 1000;
/** How long streams go on after SIGTERM. */
const holdMs = 10_000;

const rig = await startRig();
try {
  const faults = [...(await replaceUnderLoad(rig)), ...(await replaceWithOpenStreams(rig))];
  console.log(faults.length === 0 ? '\n0 failed, 0 cut' : `\nFAILED: ${faults.join('; ')}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await rig.close();
}

async function replaceUnderLoad({ replicas, ...rest }: Rig): Promise<readonly string[]> {
  console.log(`# Under ${requestsPerSecond} requests a second\n`);
  const load = startLoad({ replicas, ...rest }, requestsPerSecond);
  const faults: string[] = [];
  for (const replica of replicas) {
    await sleep(2000);
    const drained = await replica.replace();
    faults.push(...describeDrain(replica.name, drained));
  }
  await sleep(2000);
  return [...faults, ...describeTally('requests', 'failed', await load.stop())];
}

async function replaceWithOpenStreams(all: Rig): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const replica of all.replicas) {
    console.log(`\n# With ${openStreamsCount} open streams at SIGTERM: the ${replica.name} replica\n`);
    const load = startLoad(all, requestsPerSecond);
    const streams = await openStreams(all, openStreamsCount);
    const drained = await replica.replace(async () => {
      await sleep(holdMs);
      all.endHeldAnswers();
    });
    faults.push(...describeDrain(replica.name, drained));
    faults.push(...describeTally('streams', 'cut', await tally(streams.map(({ ended }) => ended))));
    faults.push(...describeTally('requests', 'failed', await load.stop()));
  }
  return faults;
}

type Drain = Awaited<ReturnType<Rig['replicas'][number]['replace']>>;

function describeDrain(name: string, { drainSeconds, exitCode }: Drain): readonly string[] {
  console.log(`- ${name} replica: drained in ${drainSeconds.toFixed(1)} s, exit ${exitCode}`);
  return exitCode === 0 ? [] : [`the ${name} replica ended with ${exitCode}`];
}

function describeTally(what: string, fate: string, { sent, failures }: Tally): readonly string[] {
  const failed = [...failures.values()].reduce((total, count) => total + count, 0);
  console.log(`- ${sent} ${what}, ${failed} ${fate}`);
  for (const [fault, count] of failures) console.log(`  - ${count} × ${fault}`);
  return failed === 0 ? [] : [`${failed} of ${sent} ${what} ${fate}`];
}
