import { expect, test } from 'vitest';
import { readTraceparent, traceparentOf } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent is read and written again', () => {
  const parent = readTraceparent(`00-${traceId}-${spanId}-01`);
  expect(parent).toEqual({ traceId, spanId, isSampled: true });
  const trace = { traceId, spanId: 'b7ad6b7169203331', parentSpanId: spanId, isSampled: true };
  expect(traceparentOf(trace, trace.spanId)).toBe(`00-${traceId}-b7ad6b7169203331-01`);
});

test.each([
  ['not sampled', `00-${traceId}-${spanId}-00`, false],
  ['other flags', `00-${traceId}-${spanId}-fe`, false],
  ['a later version with more', `01-${traceId}-${spanId}-03-more`, true],
])('%s', (_what, header, isSampled) => {
  expect(readTraceparent(header)).toEqual({ traceId, spanId, isSampled });
});

test.each([
  undefined,
  '',
  'garbage',
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
])('a malformed header counts as none: %s', (header) => {
  expect(readTraceparent(header)).toBeUndefined();
});
