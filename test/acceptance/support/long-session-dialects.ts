import { jsonAt, jsonListAt } from '@ccg/testkit';
import { expect } from 'vitest';

import { mockCountPath, mockTokenCount } from './start-mock-model.ts';
import type { MockTurn } from './start-mock-model.ts';

/** Two files that a tool reads, by path and as base64. */
interface Looked {
  readonly image: string;
  readonly page: string;
  readonly png: string;
  readonly pdf: string;
}

/** What the same session must look like at a backend of this dialect. */
export interface SessionDialect {
  readonly name: 'anthropic' | 'openai' | 'gemini' | 'responses';
  /** What chooses it in the gateway's environment, with the mock at this URL. */
  readonly env: (url: string) => Readonly<Record<string, string>>;
  readonly path: string;
  /** The conversation in a body, and whether an entry is the model's. */
  readonly history: (body: unknown) => readonly unknown[];
  readonly isOfModel: (entry: unknown) => boolean;
  /** From the first answer on. */
  readonly looked: (files: Looked) => readonly unknown[];
  readonly resumed: readonly unknown[];
  /** What stands on a thinking block that the client was given. */
  readonly signature: () => unknown;
  /** Refusals of more tokens than the 131,072 that fit. */
  readonly overflows: readonly { readonly by: string; readonly tokens: number; readonly turn: MockTurn }[];
  /** The path and status of each call that counting so many tokens takes. */
  readonly counts: (counts: readonly number[], sent: readonly unknown[]) => readonly unknown[];
  /** What a backend's cache sees of a body, in its order. */
  readonly cacheable: (body: unknown) => readonly unknown[];
}

const toolCall = (id: string, name: string, input: unknown): unknown => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

const refused = (
  by: string,
  tokens: number,
  error: { readonly message: string; readonly type?: string; readonly param?: string; readonly code?: string },
) => ({
  by,
  tokens,
  turn: { status: 400, error },
});

const counting = { command: 'echo $((6 * 7))', description: 'Count' };

const messages = {
  history: (body: unknown) => jsonListAt(body, 'messages'),
  isOfModel: (entry: unknown) => jsonAt(entry, 'role') === 'assistant',
};

const anthropic: SessionDialect = {
  name: 'anthropic',
  env: () => ({ PREFERRED_PROVIDER: 'anthropic' }),
  ...messages,
  path: '/v1/messages',
  looked: ({ image, page, png, pdf }) => [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Both at once.', signature: 'aimock-placeholder-signature' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_image', name: 'Read', input: { file_path: image } },
        { type: 'tool_use', id: 'call_page', name: 'Read', input: { file_path: page } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'call_image',
          content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }],
        },
        {
          type: 'tool_result',
          tool_use_id: 'call_page',
          content: [
            { type: 'text' },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
          ],
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Now I count.', signature: 'aimock-placeholder-signature' },
        { type: 'tool_use', id: 'call_count', name: 'Bash', input: counting },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_count', content: '42' }] },
  ],
  resumed: [
    { role: 'assistant', content: [{ type: 'text', text: 'Answer 0.' }] },
    { role: 'user', content: 'Which stone?' },
    { role: 'assistant', content: [{ type: 'text', text: 'Answer 1.' }] },
    { role: 'user', content: [{ type: 'text', text: 'Are you sure?' }] },
  ],
  signature: () => 'aimock-placeholder-signature',
  overflows: [
    refused('Anthropic', 140_123, {
      type: 'invalid_request_error',
      message: 'prompt is too long: 140123 tokens > 131072 maximum',
    }),
  ],
  counts: (counts) => {
    expect(new Set(counts)).toEqual(new Set([mockTokenCount]));
    return counts.map(() => ['/v1/messages/count_tokens', 200]);
  },
  // The client itself moves its cache marks and turns arrays into strings; the texts are what a cache compares.
  cacheable: (body) => [
    jsonAt(body, 'tools'),
    ...jsonListAt(body, 'messages').map((message) => {
      const content = jsonAt(message, 'content');
      const texts = Array.isArray(content) ? content.map((block) => jsonAt(block, 'text')) : [content];
      return [jsonAt(message, 'role'), ...texts];
    }),
  ],
};

const openai: SessionDialect = {
  name: 'openai',
  env: () => ({ PREFERRED_PROVIDER: 'openai' }),
  ...messages,
  path: '/v1/chat/completions',
  looked: ({ image, page, png, pdf }) => [
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        toolCall('call_image', 'Read', { file_path: image }),
        toolCall('call_page', 'Read', { file_path: page }),
      ],
    },
    { role: 'tool', tool_call_id: 'call_image', content: '[image from Read: attachment 1 below]' },
    {
      role: 'tool',
      tool_call_id: 'call_page',
      content: `PDF file read: ${page} (189 bytes)\n[document from Read: attachment 2 below]`,
    },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
        { type: 'file', file: { file_data: `data:application/pdf;base64,${pdf}` } },
      ],
    },
    { role: 'assistant', tool_calls: [toolCall('call_count', 'Bash', counting)] },
    { role: 'tool', tool_call_id: 'call_count', content: '42' },
  ],
  resumed: [
    { role: 'assistant', content: 'Answer 0.' },
    { role: 'user', content: 'Which stone?' },
    { role: 'assistant', content: 'Answer 1.' },
    { role: 'user', content: 'Are you sure?' },
  ],
  // The gateway's: the backend signs nothing.
  signature: () => expect.stringMatching(/^ccg1\../u),
  overflows: [
    refused('OpenAI', 140_123, {
      message:
        "This model's maximum context length is 131072 tokens. However, your messages resulted in 140123 tokens. Please reduce the length of the messages.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    }),
    // Names no number of the prompt.
    refused('Moonshot', 131_073, {
      message: 'Invalid request: Your request exceeded model token limit: 131072',
      type: 'invalid_request_error',
    }),
  ],
  // Nobody is there to ask: the gateway counts.
  counts: (counts) => {
    expect(counts.every((count) => Number.isInteger(count) && count > 0)).toBe(true);
    return [];
  },
  cacheable: (body) => [jsonAt(body, 'tools'), ...jsonListAt(body, 'messages')],
};

const geminiModel = 'gemini-3-pro-preview';
const functionCall = (id: string, name: string, args: unknown): unknown => ({ functionCall: { id, name, args } });
/** The mock signs nothing. */
const unsigned = (part: unknown): unknown => ({
  ...Object(part),
  thoughtSignature: 'skip_thought_signature_validator',
});

const gemini: SessionDialect = {
  name: 'gemini',
  env: (url) => ({
    PREFERRED_PROVIDER: 'gemini',
    GEMINI_API_KEY: 'AIza-of-the-gateway',
    GEMINI_API_BASE: `${url}/v1beta`,
    BIG_MODEL: geminiModel,
    SMALL_MODEL: geminiModel,
  }),
  history: (body) => jsonListAt(body, 'contents'),
  isOfModel: (entry) => jsonAt(entry, 'role') === 'model',
  path: `/v1beta/models/${geminiModel}:streamGenerateContent`,
  looked: ({ image, page, png, pdf }) => [
    {
      role: 'model',
      parts: [
        { text: 'I look.' },
        unsigned(functionCall('call_image', 'Read', { file_path: image })),
        functionCall('call_page', 'Read', { file_path: page }),
      ],
    },
    {
      role: 'user',
      parts: [
        {
          functionResponse: {
            id: 'call_image',
            name: 'Read',
            response: { output: '[image 1 of this result]' },
            parts: [{ inlineData: { mimeType: 'image/png', data: png } }],
          },
        },
        {
          functionResponse: {
            id: 'call_page',
            name: 'Read',
            response: { output: `PDF file read: ${page} (189 bytes)\n[document 1 of this result]` },
            parts: [{ inlineData: { mimeType: 'application/pdf', data: pdf } }],
          },
        },
      ],
    },
    { role: 'model', parts: [unsigned(functionCall('call_count', 'Bash', counting))] },
    { role: 'user', parts: [{ functionResponse: { id: 'call_count', name: 'Bash', response: { output: '42' } } }] },
  ],
  resumed: [
    { role: 'model', parts: [{ text: 'Answer 0.' }] },
    { role: 'user', parts: [{ text: 'Which stone?' }] },
    { role: 'model', parts: [{ text: 'Answer 1.' }] },
    { role: 'user', parts: [{ text: 'Are you sure?' }] },
  ],
  signature: () => '',
  overflows: [
    refused('Gemini', 140_123, {
      message: 'The input token count (140123) exceeds the maximum number of tokens allowed (131072).',
      type: 'INVALID_ARGUMENT',
    }),
  ],
  // A few at once are asked for, the others are estimated.
  counts: (counts, sent) => {
    expect(counts).toContain(mockTokenCount);
    return sent.map(() => [mockCountPath, 200]);
  },
  cacheable: (body) => [jsonAt(body, 'tools'), jsonAt(body, 'systemInstruction'), ...jsonListAt(body, 'contents')],
};

const call = (id: string, name: string, input: unknown) => {
  return { type: 'function_call', call_id: id, name, arguments: JSON.stringify(input) };
};
const thought = (...texts: readonly string[]) => {
  const summary = texts.map((text) => ({ type: 'summary_text', text }));
  return { type: 'reasoning', summary, encrypted_content: expect.any(String) };
};
const said = (text: string) => ({ role: 'assistant', content: text });
const asked = (text: string) => ({ role: 'user', content: [{ type: 'input_text', text }] });

const responses: SessionDialect = {
  name: 'responses',
  env: () => ({
    PREFERRED_PROVIDER: 'openai',
    OPENAI_DIALECT: 'openai-responses',
    BIG_MODEL: 'gpt-5.2',
    SMALL_MODEL: 'gpt-5.2',
  }),
  path: '/v1/responses',
  history: (body) => jsonListAt(body, 'input'),
  isOfModel: (entry) =>
    jsonAt(entry, 'role') === 'assistant' || /^(?:reasoning|function_call)$/u.test(String(jsonAt(entry, 'type'))),
  looked: ({ image, page, png, pdf }) => [
    thought('Both at once.'),
    said('I look.'),
    call('call_image', 'Read', { file_path: image }),
    call('call_page', 'Read', { file_path: page }),
    { type: 'function_call_output', call_id: 'call_image', output: '[image from Read: attachment 1 below]' },
    {
      type: 'function_call_output',
      call_id: 'call_page',
      output: `PDF file read: ${page} (189 bytes)\n[document from Read: attachment 2 below]`,
    },
    {
      role: 'user',
      content: [
        { type: 'input_image', image_url: `data:image/png;base64,${png}` },
        { type: 'input_file', file_data: `data:application/pdf;base64,${pdf}` },
      ],
    },
    thought('Now I count.'),
    call('call_count', 'Bash', counting),
    { type: 'function_call_output', call_id: 'call_count', output: '42' },
  ],
  resumed: [thought(), said('Answer 0.'), asked('Which stone?'), thought(), said('Answer 1.'), asked('Are you sure?')],
  // The backend's encrypted reasoning, under the gateway's seal.
  signature: () => expect.stringMatching(/^ccg1\../u),
  overflows: [
    refused('OpenAI', 140_123, {
      message:
        'Your input exceeds the context window of this model: 140123 tokens > 131072. Please adjust your input and try again.',
      type: 'invalid_request_error',
      param: 'input',
      code: 'context_length_exceeded',
    }),
  ],
  // A few at once are counted there, the others estimated.
  counts: (counts, sent) => {
    expect(counts).toContain(mockTokenCount);
    return sent.map(() => ['/v1/responses/input_tokens', 200]);
  },
  cacheable: (body) => [jsonAt(body, 'tools'), jsonAt(body, 'instructions'), ...jsonListAt(body, 'input')],
};

export const dialects: readonly SessionDialect[] = [anthropic, openai, gemini, responses];
