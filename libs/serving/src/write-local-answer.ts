import type { LocalAnswer } from '@ccg/translation';
import { answerHeaders } from './answer-headers.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { Outcome } from './outcome.ts';

/** Writes an answer for which no provider was asked. */
export async function writeLocalAnswer(
  { messagesRequest, facts, sink }: AttemptContext,
  { body, usage }: LocalAnswer,
): Promise<Outcome> {
  facts.usage = usage;
  const contentType = messagesRequest.stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  sink.commit(200, answerHeaders(contentType, facts));
  await sink.write(body);
  sink.end();
  return { kind: 'completed', facts };
}
