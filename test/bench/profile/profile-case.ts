import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caseNames, cases } from '../cases.ts';
import type { CaseName } from '../cases.ts';
import { readProfile } from './cpu-profile.ts';
import type { CpuProfile, ProfileTimes } from './cpu-profile.ts';
import type { JobResult } from '../load/messages.ts';
import type { Rig } from '../rig.ts';
import type { ServerName } from '../servers/targets.ts';

const measuredMs = 6000;
const longestList = 45;

/**
 * Runs one case, such as `large translated`, on a server under V8's profiler, and says where its time goes. The
 * profiler itself costs some: shares count, not times.
 */
export async function profileCase(rig: Rig, wanted: string): Promise<string> {
  const { name, server: serverName } = parseWanted(wanted);
  const folder = mkdtempSync(join(tmpdir(), 'ccg-profile-'));
  try {
    const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'];
    const server = await rig.startServer(serverName, cases[name].dialect, options);
    await rig.warmUp(name, server, cases[name].warmUpAnswers);
    const result = await rig.measure(name, server, measuredMs);
    await server.stop();
    const profile = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')) as CpuProfile;
    const times = readProfile(profile, result.startedAtMicroseconds, result.endedAtMicroseconds);
    return describe(times, result);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parseWanted(wanted: string): { name: CaseName; server: ServerName } {
  for (const server of ['passthrough', 'translated', 'pipe'] as const) {
    const name = caseNames.find((each) => wanted === `${each} ${server}`);
    if (name !== undefined) return { name, server };
  }
  const known = caseNames.map((name) => `'${name}'`).join(', ');
  throw new Error(`--profile takes one of ${known}, followed by passthrough, translated or pipe.`);
}

function describe(times: ProfileTimes, { answers, tokens }: JobResult): string {
  const list = (entries: ProfileTimes['inclusive']) =>
    entries.slice(0, longestList).map(([name, microseconds]) => {
      const share = ((microseconds / times.totalMicroseconds) * 100).toFixed(1).padStart(5);
      return `${share} %  ${(microseconds / answers).toFixed(1).padStart(8)} µs  ${name}`;
    });
  return [
    `${answers} answers, ${tokens} tokens; times are per answer`,
    '\nSelf time, by package',
    ...list(times.selfByPackage),
    '\nSelf time, by function',
    ...list(times.selfByFunction),
    '\nOurs, with all that they call',
    ...list(times.inclusive),
  ].join('\n');
}
