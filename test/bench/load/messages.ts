/** How the upstream answers from now on. */
export type UpstreamMode =
  | { readonly kind: 'json' }
  /** Streams of so many tokens, as fast as they are taken. */
  | { readonly kind: 'burst'; readonly tokens: number }
  /** Streams of so many tokens, one in each interval. */
  | { readonly kind: 'slow'; readonly tokens: number; readonly intervalMs: number };

/** What a complete answer is: a JSON answer that holds `mark`, or a stream with so many tokens and this end. */
type Expectation =
  | { readonly kind: 'json'; readonly mark: string }
  | { readonly kind: 'stream'; readonly tokens: number; readonly tokenMarker: string; readonly end: string };

/** One round of load. */
export interface Job {
  readonly port: number;
  /** A whole HTTP request, sent again and again. */
  readonly request: Uint8Array;
  readonly connections: number;
  readonly expect: Expectation;
  readonly load:
    /** Each connection asks again as soon as it has its answer, until the time is over. */
    | { readonly kind: 'closed-loop'; readonly durationMs: number }
    /** The same until there were so many answers, all of them measured. */
    | { readonly kind: 'answers'; readonly count: number }
    /** Each connection asks once, spread over `rampMs`; the measured time begins `settleMs` after the last one. */
    | { readonly kind: 'once'; readonly rampMs: number; readonly settleMs: number; readonly durationMs: number };
  /** The process under test, whose CPU time and memory are read; undefined when there is none. */
  readonly pid: number | undefined;
  /** The process that shares the generator's cores. */
  readonly upstreamPid: number;
}

/** What a round gave, within its measured time. */
export interface JobResult {
  readonly durationMs: number;
  readonly answers: number;
  readonly tokens: number;
  /** Medians in milliseconds; NaN where nothing was complete. */
  readonly latencyMs: number;
  readonly firstByteMs: number;
  /** CPU time of the process under test; NaN without one. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** The share of its core that generator and upstream together left idle; below 0 when they had more than one. */
  readonly idle: number;
  /** Clock readings, to find the round in a profile. */
  readonly startedAtMicroseconds: number;
  readonly endedAtMicroseconds: number;
  /** Why an answer was not complete, with how often. Empty when all were. */
  readonly faults: Readonly<Record<string, number>>;
}
