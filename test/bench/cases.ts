import type { Job, UpstreamMode } from './load/messages.ts';
import type { BodySize } from './payload/bodies.ts';
import { dialectForms } from './payload/dialects.ts';
import type { BenchDialect, TranslatedDialect } from './payload/dialects.ts';
import { gatewayWithoutAdmission } from './servers/targets.ts';
import type { TargetName } from './servers/targets.ts';

/** A kind of load, put on one target after the other. */
export interface BenchCase {
  readonly body: BodySize;
  readonly upstream: UpstreamMode;
  readonly connections: number;
  /** How long one round takes in a full run. */
  readonly durationMs: number;
  /** How many answers a server gives before anything is measured: its code is compiled piece by piece over them. */
  readonly warmUpAnswers: number;
  /** What the upstream speaks behind a gateway that translates. */
  readonly dialect: TranslatedDialect;
  /** What it speaks to a client without a gateway, and through the pipe. */
  readonly relayed: BenchDialect;
}

/** What V8 needs before it has compiled all that a request runs through. */
const untilWarm = 20_000;
/** A large body runs through the same code many times, so that fewer of them do as much. */
const untilWarmOfLarge = 4000;
const json = { kind: 'json' } as const;
const shortStream = { kind: 'burst', tokens: 16 } as const;
const longStream = { kind: 'burst', tokens: 1000 } as const;
const chat = { dialect: 'openai-chat', relayed: 'anthropic' } as const;
/** The other dialects; their streams go through the pipe as they are, so that both read the same bytes. */
export const nativeDialects = ['openai-responses', 'ollama', 'gemini'] as const;
const tokens = { body: 'small', upstream: longStream, connections: 50, durationMs: 800, warmUpAnswers: 1000 } as const;
const small = { body: 'small', upstream: json, connections: 64, durationMs: 800, warmUpAnswers: untilWarm } as const;

export const cases = {
  'small alone': { ...chat, body: 'small', upstream: json, connections: 1, durationMs: 400, warmUpAnswers: 1000 },
  small: { ...chat, ...small },
  large: { ...chat, body: 'large', upstream: json, connections: 16, durationMs: 1000, warmUpAnswers: untilWarmOfLarge },
  'first event small': {
    ...chat,
    body: 'small',
    upstream: shortStream,
    connections: 1,
    durationMs: 500,
    warmUpAnswers: untilWarm,
  },
  'first event large': {
    ...chat,
    body: 'large',
    upstream: shortStream,
    connections: 1,
    durationMs: 500,
    warmUpAnswers: untilWarmOfLarge,
  },
  tokens: { ...chat, ...tokens },
  'small openai-responses': { ...small, dialect: 'openai-responses', relayed: 'openai-responses' },
  'tokens openai-responses': { ...tokens, dialect: 'openai-responses', relayed: 'openai-responses' },
  'small ollama': { ...small, dialect: 'ollama', relayed: 'ollama' },
  'tokens ollama': { ...tokens, dialect: 'ollama', relayed: 'ollama' },
  'small gemini': { ...small, dialect: 'gemini', relayed: 'gemini' },
  'tokens gemini': { ...tokens, dialect: 'gemini', relayed: 'gemini' },
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

/** Whether a case says something about a target: the dialects of the upstream differ where it is translated alone. */
export function concerns(name: CaseName, target: TargetName): boolean {
  if (target === gatewayWithoutAdmission) return name === 'small';
  return cases[name].relayed === 'anthropic' || target === 'pipe' || target.startsWith('translated');
}

/** What counts as a complete answer in a dialect of such an upstream. */
export function expectation(mode: UpstreamMode, dialect: BenchDialect): Job['expect'] {
  const { jsonMark, tokenMarker, streamEnd } = dialectForms[dialect];
  return mode.kind === 'json'
    ? { kind: 'json', mark: jsonMark }
    : { kind: 'stream', tokens: mode.tokens, tokenMarker, end: streamEnd };
}
