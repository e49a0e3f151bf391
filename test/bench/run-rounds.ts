import { cases, concerns, heldStreams, slowStreams } from './cases.ts';
import type { CaseName, ManyStreams } from './cases.ts';
import type { JobResult } from './load/messages.ts';
import type { Rig, Server } from './rig.ts';
import { gatewayNames, gatewayNamesBefore, gatewayWithoutAdmission } from './servers/targets.ts';
import type { ServerName, TargetName } from './servers/targets.ts';

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  /** What the usual length of a round is multiplied by. */
  readonly scale: number;
  /** What the usual number of answers that warm up is multiplied by. */
  readonly warmUp: number;
  readonly slowStreams: readonly ServerName[];
  readonly slowStreamsMs: number;
  readonly heldStreams: readonly ServerName[];
  readonly heldStreamsMs: number;
}

export const extents: Readonly<Record<'full' | 'quick', Extent>> = {
  full: {
    rounds: 7,
    scale: 1,
    warmUp: 1,
    slowStreams: ['pipe', 'passthrough', 'translated', 'translated before'],
    slowStreamsMs: 10_000,
    heldStreams: ['translated', 'translated before'],
    // Long enough for the garbage of the beginning to be collected.
    heldStreamsMs: 8000,
  },
  quick: {
    rounds: 3,
    scale: 0.5,
    warmUp: 0.25,
    slowStreams: ['pipe', 'translated'],
    slowStreamsMs: 5000,
    heldStreams: [],
    heldStreamsMs: 0,
  },
};

/** What one case gave on one target in a round; undefined if it failed. */
type RoundResult = JobResult | undefined;

/** Results by case and target; the same index is the same round, so that neighbours in time can be compared. */
export interface Measured {
  readonly targets: readonly TargetName[];
  readonly rounds: Readonly<Partial<Record<CaseName, Readonly<Partial<Record<TargetName, readonly RoundResult[]>>>>>>;
  readonly slow: StreamResults;
  readonly held: StreamResults;
}

type StreamResults = Readonly<Partial<Record<ServerName, JobResult>>>;

/** What the figures are measured on, and what is told on the way. */
export interface Run {
  readonly rig: Rig;
  readonly extent: Extent;
  readonly names: readonly CaseName[];
  readonly withStreams: boolean;
  /** Whether another commit stands beside this one. */
  readonly comparing: boolean;
  readonly report: (progress: string) => void;
}

/** Measures every case on every target, round after round, so that a busy minute of the machine meets all alike. */
export async function runRounds(run: Run): Promise<Measured> {
  const { extent, names, withStreams, comparing, report } = run;
  const before = comparing ? gatewayNamesBefore : [];
  const servers: readonly ServerName[] = ['pipe', ...gatewayNames, gatewayWithoutAdmission, ...before];
  const running = new Map<string, Server>();
  try {
    for (const target of servers) await startServers(run, target, running);
    const targets: readonly TargetName[] = ['direct', ...servers];
    const rounds = emptyRounds(names, targets);
    for (let round = 0; round < extent.rounds; round += 1) {
      report(`round ${round + 1} of ${extent.rounds}`);
      // To and fro, so that what grows or wanes within a round favours nobody.
      const order = round % 2 === 0 ? targets : targets.toReversed();
      for (const name of names) {
        for (const target of order.filter((each) => concerns(name, each))) {
          const server = running.get(serverKey(name, target));
          // What did not start is told then.
          const result =
            server === undefined && target !== 'direct' ? undefined : await measureOnce(run, name, target, server);
          rounds[name]?.[target]?.push(result);
        }
      }
    }
    const among = (wanted: readonly ServerName[]): readonly ServerName[] =>
      withStreams ? wanted.filter((name) => servers.includes(name)) : [];
    return {
      targets,
      rounds,
      slow: await runStreams(run, slowStreams, among(extent.slowStreams), extent.slowStreamsMs),
      held: await runStreams(run, heldStreams, among(extent.heldStreams), extent.heldStreamsMs),
    };
  } finally {
    for (const server of running.values()) await server.stop();
  }
}

/**
 * Starts a target, in each dialect that its cases need, and warms it up. Another commit may not know a dialect: then its
 * cases are a gap.
 */
async function startServers(run: Run, target: ServerName, running: Map<string, Server>): Promise<void> {
  const { rig, extent, names, report } = run;
  for (const name of names.filter((each) => concerns(each, target))) {
    const { dialect, warmUpAnswers } = cases[name];
    const key = serverKey(name, target);
    try {
      if (!running.has(key)) {
        report(`warming up, ${key}`);
        running.set(key, await rig.startServer(target, dialect));
      }
      const server = running.get(key);
      if (server !== undefined) await rig.warmUp(name, server, Math.ceil(warmUpAnswers * extent.warmUp));
    } catch (error) {
      if (target !== 'translated before') throw error;
      report(`not measured: ${name}, ${target}: ${describe(error)}`);
    }
  }
}

/** A translating gateway is one for each dialect; all others serve every case. */
function serverKey(name: CaseName, target: TargetName): string {
  return target.startsWith('translated') ? `${target}, ${cases[name].dialect}` : target;
}

/** A part of a round that failed is a gap in it, and not the end of the run. */
async function measureOnce(
  { rig, extent, report }: Run,
  name: CaseName,
  target: TargetName,
  server: Server | undefined,
): Promise<RoundResult> {
  try {
    return await rig.measure(name, server, cases[name].durationMs * extent.scale);
  } catch (error) {
    report(`not measured: ${name}, ${target}: ${describe(error)}`);
    return undefined;
  }
}

function describe(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

type EmptyRounds = Partial<Record<CaseName, Partial<Record<TargetName, RoundResult[]>>>>;

function emptyRounds(names: readonly CaseName[], targets: readonly TargetName[]): EmptyRounds {
  const perTarget = (): EmptyRounds[CaseName] => Object.fromEntries(targets.map((target) => [target, []]));
  return Object.fromEntries(names.map((name) => [name, perTarget()]));
}

/** In processes of their own: what earlier cases left in memory would count as the streams'. */
async function runStreams(
  { rig, report }: Run,
  streams: ManyStreams,
  names: readonly ServerName[],
  durationMs: number,
): Promise<StreamResults> {
  const results: Partial<Record<ServerName, JobResult>> = {};
  for (const name of names) {
    report(`${streams.count} streams of ${streams.body} requests, ${name}`);
    const server = await rig.startServer(name, 'openai-chat');
    try {
      results[name] = await rig.measureStreams(streams, server, durationMs);
    } catch (error) {
      // A machine that is too busy for the streams should not cost what was measured before them.
      report(`not measured: ${describe(error)}`);
    } finally {
      await server.stop();
    }
  }
  return results;
}
