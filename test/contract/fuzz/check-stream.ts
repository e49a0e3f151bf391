import { isDeepStrictEqual } from 'node:util';
import { collectFrames, jsonTextAt } from '@ccg/testkit';
import type { CollectedFrame } from '@ccg/testkit';
import { parseStream } from '../sse-grammar.ts';
import { passesThrough, plainRequest, playStream, requestWithTools, translate } from '../translate.ts';
import type { StreamedAnswer, TestTarget } from '../translate.ts';
import { renderMutated } from './mutated-stream.ts';
import type { MutatedStream, StreamParts } from './mutated-stream.ts';

/** Plays a mutated stream whole and in its chunks; throws at whatever no stream may do, however broken it is. */
export function checkStream(target: TestTarget, stream: MutatedStream, parts: StreamParts): void {
  const { bytes, chunks } = renderMutated(stream, parts);
  const request = target.textCalls === true ? requestWithTools : plainRequest;
  const played = playStream(translate(request, target), [bytes]);
  const { text, progress } = played;
  const inChunks = playStream(translate(request, target), chunks);
  // A line feed that completes CR LF after the last event may come too late to be passed on.
  if (inChunks.text.trimEnd() !== text.trimEnd()) throw new Error('chunks change the answer');
  if (!isDeepStrictEqual(inChunks.progress.usage, progress.usage)) throw new Error('chunks change the usage');
  if (progress.error?.code === 'internal') throw new Error('the translator broke', { cause: progress.error });
  for (const count of Object.values(progress.usage)) {
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`usage of ${count}`);
  }
  const upstream = Buffer.from(bytes).toString('utf8');
  if (passesThrough(target)) checkPassed(played, upstream);
  else checkTranslated(played, upstream);
}

/** What says in any dialect that an answer is whole. */
const isEnded =
  /"(?:finish_reason|finishReason|blockReason)":[\s\r\n]*(?:data: ?)?"[^"]|\[DONE\]|message_stop|stop_reason|"done":true|"response\.(?:completed|done|incomplete)"|"output":/u;

function checkTranslated({ text, progress }: StreamedAnswer, upstream: string): void {
  const { end, usage } = parseStream(text);
  if (end !== (progress.state === 'complete' ? 'message' : 'error')) throw new Error(`${end} when ${progress.state}`);
  if (end === 'error') return;
  if (!isEnded.test(upstream)) throw new Error('an answer that nobody ended');
  const told = progress.usage;
  const sums = [usage['input_tokens'], usage['cache_read_input_tokens'], usage['output_tokens']];
  if (sums.join() !== [told.inputTokens, told.cacheReadTokens, told.outputTokens].join()) throw new Error('two usages');
}

/** What passes through are the upstream's bytes from the first that is not blank, and only its end is the gateway's. */
function checkPassed({ text, progress }: StreamedAnswer, sent: string): void {
  const upstream = sent.replace(/^[\s\ufeff]+/u, '');
  if (text !== '' && !/(?:\n\n|\r\r|\r\n\r)\n?$/u.test(text)) throw new Error('the last frame is not finished');
  const frames = collectFrames(text.replace(/^\ufeff/u, ''));
  const ends = frames.map(endOf);
  if (ends.slice(0, -1).some((end) => end !== undefined)) throw new Error('an event after the end');
  const end = ends.at(-1);
  if (end !== (progress.state === 'complete' ? 'message_stop' : 'error'))
    throw new Error(`${end} when ${progress.state}`);
  const isOwnEnd = !upstream.startsWith(text.trimEnd());
  const passed = (isOwnEnd ? text.slice(0, text.lastIndexOf(`event: ${end}\n`)) : text).trimEnd();
  if (isOwnEnd && end === 'message_stop' && !/"stop_reason": *"/u.test(passed)) {
    throw new Error('an answer that nobody ended');
  }
  if (!upstream.startsWith(passed)) throw new Error('other bytes than the upstream sent');
}

function endOf({ event, data }: CollectedFrame): string | undefined {
  if (event === 'content_block_delta') return undefined;
  try {
    const type = jsonTextAt(JSON.parse(data), 'type');
    return type === 'message_stop' || type === 'error' ? type : undefined;
  } catch {
    return undefined;
  }
}
