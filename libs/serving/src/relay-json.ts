import type { AnswerReader } from '@ccg/translation';
import type { UpstreamResponse } from '@ccg/upstream';
import { answerHeaders } from './answer-headers.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { Outcome } from './outcome.ts';

export const answerMaxBytes = 64 * 1024 * 1024;

/** Reads a whole answer, translates it and writes it. Throws while nothing has been sent. */
export async function relayJson(
  context: AttemptContext,
  reader: AnswerReader,
  response: UpstreamResponse,
): Promise<Outcome> {
  const { facts, sink } = context;
  const answer = reader.answer(await response.body.collect(answerMaxBytes));
  if (answer.kind === 'failure') throw answer.error;
  facts.usage = answer.usage;
  facts.usageReported = answer.usageSource === 'reported';
  const { body } = answer;
  sink.commit(200, [...answerHeaders('application/json', facts), ['content-length', String(body.length)]]);
  await sink.write(body);
  sink.end();
  return { kind: 'completed', facts };
}
