import { caseNames, cases } from './cases.ts';
import type { CaseName } from './cases.ts';
import type { JobResult } from './messages.ts';
import type { Rig } from './rig.ts';
import type { ServerProcess } from './server-process.ts';
import { targetNames } from './targets.ts';
import type { ServerName, TargetName } from './targets.ts';

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  /** What the usual length of a round, and of warming up, is multiplied by. */
  readonly scale: number;
  readonly slowStreams: readonly ServerName[];
  readonly slowStreamsMs: number;
}

export const extents: Readonly<Record<'full' | 'quick', Extent>> = {
  full: { rounds: 5, scale: 1, slowStreams: ['pipe', 'passthrough', 'translated'], slowStreamsMs: 10_000 },
  quick: { rounds: 3, scale: 0.4, slowStreams: ['pipe', 'translated'], slowStreamsMs: 5000 },
};

/** Results by case and target; the same index is the same round, so that neighbours in time can be compared. */
export interface Measured {
  readonly rounds: Readonly<Record<CaseName, Readonly<Record<TargetName, readonly JobResult[]>>>>;
  readonly slow: Readonly<Partial<Record<ServerName, JobResult>>>;
}

/** Measures every case on every target, round after round, so that a busy minute of the machine meets all alike. */
export async function runRounds(rig: Rig, extent: Extent, report: (progress: string) => void): Promise<Measured> {
  const servers = new Map<TargetName, ServerProcess>();
  try {
    for (const name of ['pipe', 'passthrough', 'translated'] as const) servers.set(name, await rig.startTarget(name));
    const rounds = emptyRounds();
    const runCase = (name: CaseName, target: TargetName, scale: number) =>
      rig.measure(name, servers.get(target), cases[name].durationMs * scale);
    for (const [target, server] of servers) {
      report(`warming up, ${target}`);
      for (const name of caseNames) await rig.measure(name, server, cases[name].warmUpMs * extent.scale);
    }
    for (let round = 0; round < extent.rounds; round += 1) {
      report(`round ${round + 1} of ${extent.rounds}`);
      // To and fro, so that what grows or wanes within a round favours nobody.
      const order = round % 2 === 0 ? targetNames : targetNames.toReversed();
      for (const name of caseNames) {
        for (const target of order) rounds[name][target].push(await runCase(name, target, extent.scale));
      }
    }
    return { rounds, slow: await runSlowStreams(rig, extent, report) };
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

function emptyRounds(): Record<CaseName, Record<TargetName, JobResult[]>> {
  const perTarget = (): Record<TargetName, JobResult[]> => ({ direct: [], pipe: [], passthrough: [], translated: [] });
  return Object.fromEntries(caseNames.map((name) => [name, perTarget()])) as ReturnType<typeof emptyRounds>;
}

/** In processes of their own: what earlier cases left in memory would count as the streams'. */
async function runSlowStreams(
  rig: Rig,
  extent: Extent,
  report: (progress: string) => void,
): Promise<Partial<Record<ServerName, JobResult>>> {
  const results: Partial<Record<ServerName, JobResult>> = {};
  for (const name of extent.slowStreams) {
    report(`slow streams, ${name}`);
    const server = await rig.startTarget(name);
    try {
      results[name] = await rig.measureSlowStreams(server, extent.slowStreamsMs);
    } finally {
      await server.stop();
    }
  }
  return results;
}
