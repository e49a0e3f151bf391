import type { Job, UpstreamMode } from './load/messages.ts';
import type { BodySize } from './payload/bodies.ts';

/** A kind of load, put on one target after the other. */
export interface BenchCase {
  readonly body: BodySize;
  readonly upstream: UpstreamMode;
  readonly connections: number;
  /** How long one round takes in a full run. */
  readonly durationMs: number;
  /** How many answers a server gives before anything is measured: its code is compiled piece by piece over them. */
  readonly warmUpAnswers: number;
}

/** What V8 needs before it has compiled all that a request runs through. */
const untilWarm = 20_000;
/** A large body runs through the same code many times, so that fewer of them do as much. */
const untilWarmOfLarge = 4000;
const json = { kind: 'json' } as const;
const shortStream = { kind: 'burst', tokens: 16 } as const;
const longStream = { kind: 'burst', tokens: 1000 } as const;

export const cases = {
  'small alone': { body: 'small', upstream: json, connections: 1, durationMs: 400, warmUpAnswers: 1000 },
  small: { body: 'small', upstream: json, connections: 64, durationMs: 800, warmUpAnswers: untilWarm },
  large: { body: 'large', upstream: json, connections: 16, durationMs: 1000, warmUpAnswers: untilWarmOfLarge },
  'first event small': {
    body: 'small',
    upstream: shortStream,
    connections: 1,
    durationMs: 500,
    warmUpAnswers: untilWarm,
  },
  'first event large': {
    body: 'large',
    upstream: shortStream,
    connections: 1,
    durationMs: 500,
    warmUpAnswers: untilWarmOfLarge,
  },
  tokens: { body: 'small', upstream: longStream, connections: 50, durationMs: 800, warmUpAnswers: 200 },
} as const satisfies Record<string, BenchCase>;

export type CaseName = keyof typeof cases;
export const caseNames = Object.keys(cases) as CaseName[];

/** While a server warms up every case has at least so many connections, whatever it is measured with. */
export const warmUpConnections = 16;

/** Streams that all run at the same time. */
export interface ManyStreams {
  readonly body: BodySize;
  readonly count: number;
  readonly tokensPerSecond: number;
  /** How long it takes until all have begun. */
  readonly rampMs: number;
}

/** Many streams at the pace of a model; every token is a read and a write of its own. */
export const slowStreams = { body: 'small', count: 1000, tokensPerSecond: 20, rampMs: 2000 } as const;

/** As many of long conversations, nearly silent: what a process keeps of a request for as long as it is answered. */
export const heldStreams = { body: 'large', count: 1000, tokensPerSecond: 1, rampMs: 8000 } as const;

/** What counts as a complete answer of such an upstream. */
export function expectation(mode: UpstreamMode): Job['expect'] {
  return mode.kind === 'json' ? { kind: 'json' } : { kind: 'stream', tokens: mode.tokens };
}
