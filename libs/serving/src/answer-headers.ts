import type { HeaderList } from '@ccg/wire';
import type { Facts } from './outcome.ts';

/** The headers of a successful answer that say where it came from and what was left out of it. */
export function answerHeaders(contentType: string, facts: Readonly<Facts>): HeaderList {
  const headers: [string, string][] = [['content-type', contentType]];
  if (facts.upstreamRequestId !== undefined) headers.push(['x-upstream-request-id', facts.upstreamRequestId]);
  if (facts.warnings.length > 0) headers.push(['x-gateway-warnings', warningList(facts)]);
  return headers;
}

const warningsMaxLength = 1000;

function warningList(facts: Readonly<Facts>): string {
  const list = facts.warnings.map(({ field, code }) => `${field} ${code}`).join(', ');
  // A field path holds the client's own keys, and a header takes only visible ASCII.
  return list.replace(/[^\x20-\x7e]/gu, '?').slice(0, warningsMaxLength);
}
