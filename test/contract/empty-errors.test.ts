import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, playStream, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const chat: TestTarget = { dialect: 'openai-chat', model: 'gpt-4.1' };
const ollama: TestTarget = { dialect: 'ollama', model: 'some-model' };
const gemini: TestTarget = { dialect: 'gemini', model: 'some-model' };
const compatible: TestTarget = { dialect: 'anthropic', anthropicProfile: 'glm', model: 'some-model' };

/** What servers say when nothing failed. */
const empty = ['""', '" "', '{}', 'null', '[]', 'false', '0', '[{}]', '"<nil>"', '{"message":""}'].concat([
  '{"message":"","type":"","param":null,"code":0}',
  '{"message":null,"code":null,"metadata":{"raw":""}}',
  '{"code":0,"message":"ok"}',
  '{"code":200,"message":"success","request_id":"r1"}',
  '{"code":"0","msg":"success"}',
  '{"status":"success","detail":""}',
  '{"code":0,"message":"成功"}',
  '"OK"',
  '"no error"',
  '{"code":"Success","message":"Request completed"}',
]);
const failures = ['"slow down"', '{"message":"slow down"}', '{"code":429}', '["slow down"]', 'true', '503'].concat([
  '{"code":0,"message":"slow down"}',
  '{"code":200,"message":"slow down"}',
  '{"code":500,"message":"ok"}',
  '{"code":"Success","message":"Request completed with errors"}',
  '{"success":true,"message":"slow down"}',
]);

const chunks = (error: string, errorAt: 'top' | 'choice') =>
  [
    `"delta":{"role":"assistant","content":"Half"},"finish_reason":null`,
    `"delta":{"content":" a"},"finish_reason":null`,
    `"delta":{"content":" loaf"},"finish_reason":null`,
    `"delta":{},"finish_reason":"stop"`,
  ]
    .map((choice) => {
      const [top, inside] = errorAt === 'top' ? [`,"error":${error}`, ''] : ['', `,"error":${error}`];
      return `data: {"choices":[{"index":0,${choice}${inside}}]${top}}\n\n`;
    })
    .join('') + 'data: [DONE]\n\n';
const completion = (error: string) =>
  `{"error":${error},"choices":[{"message":{"role":"assistant","content":"Half a loaf"},"finish_reason":"stop"}]}`;

const events = (error: string) =>
  [
    `{"type":"message_start","message":{"usage":{"input_tokens":1}}`,
    `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}`,
    `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Half a loaf"}`,
    `{"type":"content_block_stop","index":0`,
    `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}`,
    `{"type":"message_stop"`,
  ]
    .map((event) => `event: x\ndata: ${event},"error":${error}}\n\n`)
    .join('');
const message = (error: string) =>
  `{"type":"message","content":[{"type":"text","text":"Half a loaf"}],"stop_reason":"end_turn","error":${error}}`;

const lines = (error: string) =>
  [
    `"message":{"role":"assistant","content":"Half"},"done":false`,
    `"message":{"role":"assistant","content":" a loaf"},"done":true,"done_reason":"stop"`,
  ]
    .map((line) => `{${line},"error":${error}}\n`)
    .join('');

const content = (error: string, text: string, more = '') =>
  `{"candidates":[{"content":{"role":"model","parts":[{"text":"${text}"}]}${more}}],"error":${error}}`;
const contents = (error: string) =>
  [content(error, 'Half'), content(error, ' a loaf', ',"finishReason":"STOP"')]
    .map((chunk) => `data: ${chunk}\n\n`)
    .join('');
const wholeContent = (error: string) => content(error, 'Half a loaf', ',"finishReason":"STOP"');

const cases = [
  { where: 'a chunk', target: chat, stream: (error: string) => chunks(error, 'top'), answer: completion },
  { where: 'a choice', target: chat, stream: (error: string) => chunks(error, 'choice'), answer: completion },
  { where: 'an event of an Anthropic-compatible server', target: compatible, stream: events, answer: message },
  { where: 'a line of Ollama', target: ollama, stream: lines, answer: lines },
  { where: 'a chunk of Gemini', target: gemini, stream: contents, answer: wholeContent },
];

describe.each(cases)('an error in $where', ({ target, stream, answer }) => {
  test.each(empty)('that says nothing is none: %s', (error) => {
    const streamed = playStream(translate(plainRequest, target), [bytesOf(stream(error))]);
    expect(streamed.progress.state).toBe('complete');
    expect(streamed.text).toContain('Half');
    expect(translate(plainRequest, target).reader.answer(bytesOf(answer(error))).kind).toBe('message');
  });

  test.each(failures)('that says something is one: %s', (error) => {
    const { progress, text } = playStream(translate(plainRequest, target), [bytesOf(stream(error))]);
    expect([progress.state, text.match(/event: error/gu)?.length]).toEqual(['failed', 1]);
    expect(translate(plainRequest, target).reader.answer(bytesOf(answer(error))).kind).toBe('failure');
  });
});

test.each([
  [chat, '{"error":{}}'],
  [chat, '{"error":"","choices":[]}'],
  [chat, '{"object":"error","error":{}}'],
  [gemini, '{"error":{}}'],
  [gemini, '{"error":"","candidates":[]}'],
  [compatible, '{"error":{}}'],
  [compatible, '{"type":"error","error":{}}'],
  [compatible, '{"error":"","content":[]}'],
] as const)('an answer that holds nothing but an empty error is no success: %j', (target, body) => {
  expect(translate(plainRequest, target).reader.answer(bytesOf(body)).kind).toBe('failure');
  const { progress } = playStream(translate(plainRequest, target), [bytesOf(`data: ${body}\n\n`)]);
  expect(['failed', 'truncated']).toContain(progress.state);
});
