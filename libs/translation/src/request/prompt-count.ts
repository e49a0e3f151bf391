import { bytesToString } from '@ccg/wire';
import { asCount, asObject, tryReadJson } from '../json-fields.ts';
import type { PromptCount, UpstreamRequest } from '../translation.ts';

/** Counting at servers of Anthropic's protocol: the request is that for an answer, and the client gets the server's bytes. */
export function anthropicCount(request: Pick<UpstreamRequest, 'headers' | 'body'>): PromptCount {
  return {
    isOfClient: true,
    request: () => request,
    answer: (body) => (countIn(body, 'input_tokens') === undefined ? undefined : body),
  };
}

/** Counting by a request of the dialect's own; `member` of its answer is the number. */
export function translatedCount(request: PromptCount['request'], member: string): PromptCount {
  return {
    isOfClient: false,
    request,
    answer(body) {
      const tokens = countIn(body, member);
      return tokens === undefined ? undefined : `{"input_tokens":${tokens}}`;
    },
  };
}

function countIn(body: Uint8Array, member: string): number | undefined {
  return asCount(asObject(tryReadJson(bytesToString(body)))?.[member]);
}
