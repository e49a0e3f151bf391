import { caseNames, cases, heldStreams, slowStreams } from './cases.ts';
import type { CaseName, ManyStreams } from './cases.ts';
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
  readonly heldStreams: readonly ServerName[];
}

/** Long enough for the garbage of the beginning to be collected. */
const heldStreamsMs = 10_000;
const servers = ['pipe', 'passthrough', 'translated'] as const;

export const extents: Readonly<Record<'full' | 'quick', Extent>> = {
  full: { rounds: 5, scale: 1, slowStreams: servers, slowStreamsMs: 10_000, heldStreams: servers },
  quick: { rounds: 3, scale: 0.4, slowStreams: ['pipe', 'translated'], slowStreamsMs: 5000, heldStreams: [] },
};

/** Results by case and target; the same index is the same round, so that neighbours in time can be compared. */
export interface Measured {
  readonly rounds: Readonly<Record<CaseName, Readonly<Record<TargetName, readonly JobResult[]>>>>;
  readonly slow: StreamResults;
  readonly held: StreamResults;
}

type StreamResults = Readonly<Partial<Record<ServerName, JobResult>>>;

/** Measures every case on every target, round after round, so that a busy minute of the machine meets all alike. */
export async function runRounds(rig: Rig, extent: Extent, report: (progress: string) => void): Promise<Measured> {
  const running = new Map<TargetName, ServerProcess>();
  try {
    for (const name of servers) running.set(name, await rig.startTarget(name));
    const rounds = emptyRounds();
    const runCase = (name: CaseName, target: TargetName, scale: number) =>
      rig.measure(name, running.get(target), cases[name].durationMs * scale);
    for (const [target, server] of running) {
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
    const run = (label: string, streams: ManyStreams, names: readonly ServerName[], durationMs: number) =>
      runStreams(rig, streams, { names, durationMs, report: (name) => report(`${label}, ${name}`) });
    return {
      rounds,
      slow: await run('slow streams', slowStreams, extent.slowStreams, extent.slowStreamsMs),
      held: await run('long conversations', heldStreams, extent.heldStreams, heldStreamsMs),
    };
  } finally {
    for (const server of running.values()) await server.stop();
  }
}

function emptyRounds(): Record<CaseName, Record<TargetName, JobResult[]>> {
  const perTarget = (): Record<TargetName, JobResult[]> => ({ direct: [], pipe: [], passthrough: [], translated: [] });
  return Object.fromEntries(caseNames.map((name) => [name, perTarget()])) as ReturnType<typeof emptyRounds>;
}

/** In processes of their own: what earlier cases left in memory would count as the streams'. */
async function runStreams(
  rig: Rig,
  streams: ManyStreams,
  on: { readonly names: readonly ServerName[]; readonly durationMs: number; readonly report: (name: string) => void },
): Promise<StreamResults> {
  const results: Partial<Record<ServerName, JobResult>> = {};
  for (const name of on.names) {
    on.report(name);
    const server = await rig.startTarget(name);
    try {
      results[name] = await rig.measureStreams(streams, server, on.durationMs);
    } finally {
      await server.stop();
    }
  }
  return results;
}
