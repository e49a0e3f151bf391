import {
  anthropicAnswers,
  geminiAnswers,
  ollamaAnswers,
  openAiChatAnswers,
  openAiResponsesAnswers,
} from './answers.ts';
import type { Answers } from './answers.ts';

/** The dialects that a client of the gateway never sees. */
export type TranslatedDialect = 'openai-chat' | 'openai-responses' | 'ollama' | 'gemini';
export type BenchDialect = 'anthropic' | TranslatedDialect;

/** How a dialect is asked and how its answers are told to be whole. */
interface DialectForm {
  readonly path: (stream: boolean) => string;
  readonly isPath: (path: string) => boolean;
  /** Once in each event with a token, and nowhere else. */
  readonly tokenMarker: string;
  /** What a whole stream ends with, white space aside, and what a whole JSON answer holds. */
  readonly streamEnd: string;
  readonly jsonMark: string;
  readonly answers: () => Answers;
}

export const dialectForms: Readonly<Record<BenchDialect, DialectForm>> = {
  anthropic: {
    path: () => '/v1/messages?beta=true',
    isPath: (path) => path.startsWith('/v1/messages'),
    tokenMarker: '"text_delta"',
    streamEnd: 'data: {"type":"message_stop"}',
    jsonMark: '"stop_reason":"end_turn"',
    answers: anthropicAnswers,
  },
  'openai-chat': {
    path: () => '/v1/chat/completions',
    isPath: (path) => path === '/v1/chat/completions',
    tokenMarker: '"delta":{"content":',
    streamEnd: 'data: [DONE]',
    jsonMark: '"finish_reason":"stop"',
    answers: openAiChatAnswers,
  },
  'openai-responses': {
    path: () => '/v1/responses',
    isPath: (path) => path === '/v1/responses',
    tokenMarker: '{"type":"response.output_text.delta"',
    streamEnd: '"type":"response.completed"}',
    jsonMark: '"status":"completed"',
    answers: openAiResponsesAnswers,
  },
  ollama: {
    path: () => '/api/chat',
    isPath: (path) => path === '/api/chat',
    tokenMarker: '"done":false',
    streamEnd: '"eval_duration":91000000}',
    jsonMark: '"done_reason":"stop"',
    answers: ollamaAnswers,
  },
  gemini: {
    path: (stream) =>
      stream ? '/v1beta/models/bench:streamGenerateContent?alt=sse' : '/v1beta/models/bench:generateContent',
    isPath: (path) => /^\/v1beta\/models\/[^/]+:(?:streamGenerateContent|generateContent)(?:\?|$)/u.test(path),
    tokenMarker: '{"parts": [{"text": ',
    streamEnd: '"responseId": "bench"}',
    jsonMark: '"finishReason": "STOP"',
    answers: geminiAnswers,
  },
};
