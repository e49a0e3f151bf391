import type { BodySize } from './bodies.ts';
import type { Job, UpstreamMode } from './messages.ts';

/** A kind of load, put on one target after the other. */
export interface BenchCase {
  readonly body: BodySize;
  readonly upstream: UpstreamMode;
  readonly connections: number;
  /** How long one round takes in a full run. */
  readonly durationMs: number;
  /** How long a server takes it before anything is measured: its code is compiled piece by piece over many requests. */
  readonly warmUpMs: number;
}

const firstEvents = {
  upstream: { kind: 'burst', tokens: 16 },
  connections: 1,
  durationMs: 700,
  warmUpMs: 500,
} as const;

export const cases = {
  'small alone': { body: 'small', upstream: { kind: 'json' }, connections: 1, durationMs: 700, warmUpMs: 500 },
  small: { body: 'small', upstream: { kind: 'json' }, connections: 64, durationMs: 1200, warmUpMs: 7000 },
  large: { body: 'large', upstream: { kind: 'json' }, connections: 16, durationMs: 1500, warmUpMs: 3000 },
  'first event small': { body: 'small', ...firstEvents },
  'first event large': { body: 'large', ...firstEvents },
  tokens: {
    body: 'small',
    upstream: { kind: 'burst', tokens: 1000 },
    connections: 50,
    durationMs: 1500,
    warmUpMs: 2000,
  },
} as const satisfies Record<string, BenchCase>;

export type CaseName = keyof typeof cases;
export const caseNames = Object.keys(cases) as CaseName[];

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
