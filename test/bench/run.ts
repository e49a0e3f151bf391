import { parseArgs } from 'node:util';
import { figuresTable } from './figures-table.ts';
import { goalsTable } from './goals.ts';
import { profileCase } from './profile-case.ts';
import { startRig } from './rig.ts';
import { extents, runRounds } from './run-rounds.ts';

// The gateway with everything on beside a bare byte pipe and a direct connection. Needs Linux for its clocks.
//   npm run bench                                  about 4 minutes
//   npm run bench -- --quick                       about 1 minute
//   npm run bench -- --profile 'large translated'  where the time of one case goes

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, profile: { type: 'string' } } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const rig = await startRig();
try {
  console.log(rig.note);
  if (options.profile === undefined) {
    const extent = extents[options.quick === true ? 'quick' : 'full'];
    const measured = await runRounds(rig, extent, (progress) => {
      console.log(`… ${progress}`);
    });
    console.log(`\n${figuresTable(measured)}\n\n${goalsTable(measured)}`);
  } else console.log(await profileCase(rig, options.profile));
} finally {
  await rig.stop();
}
