import type { FinishedRequest } from '@ccg/edge';
import { describeRecord } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import { logText } from '@ccg/telemetry';

/** What the log has of one request alone. What it shares with others is in the bindings of its logger. */
export function describeRequest(
  { requestId, request, durationMs, authenticatedMs }: FinishedRequest,
  record: RequestRecord,
  status: number,
) {
  const session = headerText(request?.headers['x-claude-code-session-id']);
  return describeRecord(record, { requestId, session, status, durationMs, authenticatedMs });
}

/** Of a repeated header the first. */
function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'object' ? value[0] : value;
  return text === undefined ? undefined : logText(text);
}
