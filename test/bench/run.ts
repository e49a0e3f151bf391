import { parseArgs } from 'node:util';
import { caseNames } from './cases.ts';
import { profileCase } from './profile/profile-case.ts';
import { goalsTable } from './report/goals.ts';
import { admissionTable, comparisonTable, figuresTable } from './report/tables.ts';
import { startRig } from './rig.ts';
import { extents, runRounds } from './run-rounds.ts';

// The gateway with everything on beside a bare byte pipe and a direct connection; README.md says how to read it.

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    against: { type: 'string' },
    profile: { type: 'string' },
    only: { type: 'string' },
  },
});
// Every server under test has a listener that ends it with this process.
process.setMaxListeners(30);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const rig = await startRig(options.against);
try {
  for (const note of rig.notes) console.log(note);
  if (options.profile === undefined) {
    const startedAt = performance.now();
    const comparing = options.against !== undefined;
    const extent = extents[options.quick === true ? 'quick' : 'full'];
    const { only = '' } = options;
    const measured = await runRounds({
      rig,
      extent,
      names: caseNames.filter((name) => name.includes(only)),
      withStreams: only === '',
      comparing,
      report: (progress) => console.log(`… ${progress}`),
    });
    const tables = [
      figuresTable(measured),
      admissionTable(measured),
      ...(comparing ? [comparisonTable(measured)] : []),
      goalsTable(measured),
    ];
    console.log(`\n${tables.join('\n\n')}\n`);
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${extent.rounds} rounds`);
  } else console.log(await profileCase(rig, options.profile));
} finally {
  await rig.stop();
}
