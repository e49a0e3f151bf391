/** Where a request stands in a trace (W3C Trace Context). */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the request itself; 16 hexadecimal digits. */
  readonly spanId: string;
  /** Of the caller; undefined where the trace begins here. */
  readonly parentSpanId: string | undefined;
  readonly isSampled: boolean;
}

/** Names one span among all. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

interface Parent extends SpanPlace {
  readonly isSampled: boolean;
}

// A version of two digits, ff excepted. A version after 00 may have more after the flags.
const form =
  /^(?!ff)(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/u;

/** Reads a `traceparent` header; undefined for one that is malformed, which counts as none. */
export function readTraceparent(header: string | undefined): Parent | undefined {
  const { version, traceId, spanId, flags, more } = form.exec(header ?? '')?.groups ?? {};
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The header for a call that the span makes. */
export function traceparentOf({ traceId, isSampled }: Trace, spanId: string): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

function isZero(id: string): boolean {
  return /^0+$/u.test(id);
}
