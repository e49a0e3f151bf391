/** What the upstream of the bench says, as bytes of HTTP/1.1, made once. */
export interface Answers {
  readonly json: Buffer;
  /** The head of a stream and its first event. */
  readonly streamStart: Buffer;
  /** One event with one token, an HTTP chunk of its own as real servers send it. */
  token(index: number): Buffer;
  /** What comes after so many tokens. */
  streamEnd(count: number): Buffer;
}

/** The tokens of the answers: short, some escaped, some beyond ASCII. */
const tokens = [' the', ' request', ' is', ' hand', 'led', '.', '\\n', ' \\"', 'é', ' →', ' function', '(', ')', ' {'];
const lastChunk = '0\r\n\r\n';

export function anthropicAnswers(): Answers {
  const usage =
    '"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}';
  const head = '"id":"msg_01bench","type":"message","role":"assistant","model":"claude-sonnet-4-6"';
  const frame = (type: string, rest: string) => chunk(`event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`);
  const text = '"type":"text","text":"Hello! What can I do for you?"';
  return {
    json: jsonAnswer(`{${head},"content":[{${text}}],"stop_reason":"end_turn","stop_sequence":null,${usage}}`),
    streamStart: bytes(
      streamHeadOf('text/event-stream; charset=utf-8') +
        frame('message_start', `,"message":{${head},"content":[],"stop_reason":null,"stop_sequence":null,${usage}}`) +
        frame('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}'),
    ),
    token: perToken(({ token }) =>
      frame('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":"${token}"}`),
    ),
    streamEnd: byCount(
      () =>
        frame('content_block_stop', ',"index":0') +
        frame('message_delta', `,"delta":{"stop_reason":"end_turn","stop_sequence":null},${usage}`) +
        frame('message_stop', ''),
    ),
  };
}

export function openAiChatAnswers(): Answers {
  const usage = '"usage":{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21}';
  const head = (object: string) => `"id":"chatcmpl-bench","object":"${object}","created":1790000000,"model":"gpt-4.1"`;
  const frame = (choices: string, rest: string) =>
    chunk(`data: {${head('chat.completion.chunk')},"choices":[${choices}],${rest}}\n\n`);
  const delta = (content: string, reason: string) =>
    frame(`{"index":0,"delta":{${content}},"logprobs":null,"finish_reason":${reason}}`, '"usage":null');
  const message = '{"role":"assistant","content":"Hello! What can I do for you?"}';
  const choice = `{"index":0,"message":${message},"logprobs":null,"finish_reason":"stop"}`;
  return {
    json: jsonAnswer(`{${head('chat.completion')},"choices":[${choice}],${usage}}`),
    streamStart: bytes(
      streamHeadOf('text/event-stream; charset=utf-8') + delta('"role":"assistant","content":""', 'null'),
    ),
    token: perToken(({ token }) => delta(`"content":"${token}"`, 'null')),
    streamEnd: byCount(() => delta('', '"stop"') + frame('', usage) + chunk('data: [DONE]\n\n')),
  };
}

export function openAiResponsesAnswers(): Answers {
  const details = '"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}';
  const usage = `{"input_tokens":12,"output_tokens":9,"total_tokens":21,${details}}`;
  const part = (text: string) => `{"type":"output_text","annotations":[],"logprobs":[],"text":"${text}"}`;
  const item = (status: string, content: string) =>
    `{"id":"msg_bench","type":"message","status":"${status}","content":[${content}],"role":"assistant"}`;
  const head = '"id":"resp_bench","object":"response","created_at":1790000000,"error":null,"incomplete_details":null';
  const response = (status: string, output: string, counts: string) =>
    `{${head},"status":"${status}","model":"gpt-4.1","output":[${output}],"store":false,"usage":${counts}}`;
  const frame = (type: string, rest: string, sequence: number) =>
    chunk(`event: ${type}\ndata: {"sequence_number":${sequence},${rest},"type":"${type}"}\n\n`);
  const place = '"content_index":0,"item_id":"msg_bench","output_index":0';
  const begun = `"response":${response('in_progress', '', 'null')}`;
  return {
    json: jsonAnswer(response('completed', item('completed', part('Hello! What can I do for you?')), usage)),
    streamStart: bytes(
      streamHeadOf('text/event-stream; charset=utf-8') +
        frame('response.created', begun, 0) +
        frame('response.in_progress', begun, 1) +
        frame('response.output_item.added', `"output_index":0,"item":${item('in_progress', '')}`, 2) +
        frame('response.content_part.added', `${place},"part":${part('')}`, 3),
    ),
    token: perToken(({ token, number, padding }) => {
      const type = 'response.output_text.delta';
      const data = `{"type":"${type}","content_index":0,"delta":"${token}","item_id":"msg_bench","logprobs":[],`;
      const rest = `"obfuscation":"${padding}","output_index":0,"sequence_number":${number + 4}}`;
      return chunk(`event: ${type}\ndata: ${data}${rest}\n\n`);
    }),
    streamEnd: byCount((count) => {
      const text = Array.from({ length: count }, (_, index) => tokenAt(index)).join('');
      const done = item('completed', part(text));
      return (
        frame('response.output_text.done', `${place},"logprobs":[],"text":"${text}"`, count + 4) +
        frame('response.content_part.done', `${place},"part":${part(text)}`, count + 5) +
        frame('response.output_item.done', `"output_index":0,"item":${done}`, count + 6) +
        frame('response.completed', `"response":${response('completed', done, usage)}`, count + 7)
      );
    }),
  };
}

export function ollamaAnswers(): Answers {
  const line = (content: string, nanoseconds: number, rest: string) => {
    const time = `2026-11-28T02:30:11.${String(nanoseconds).padStart(9, '0')}Z`;
    return `{"model":"bench","created_at":"${time}","message":{"role":"assistant","content":"${content}"},${rest}}`;
  };
  const counts = '"total_duration":120000000,"load_duration":4000000,"prompt_eval_count":12';
  const durations = '"prompt_eval_duration":20000000,"eval_count":9,"eval_duration":91000000';
  const end = `"done":true,"done_reason":"stop",${counts},${durations}`;
  return {
    json: jsonAnswer(line('Hello! What can I do for you?', 120_000_001, end)),
    streamStart: bytes(streamHeadOf('application/x-ndjson')),
    token: perToken(({ token, number }) => chunk(`${line(token, 100_000_007 + number * 801_003, '"done":false')}\n`)),
    streamEnd: byCount(() => chunk(`${line('', 980_000_001, end)}\n`)),
  };
}

export function geminiAnswers(): Answers {
  const answer = (parts: string, end: string, count: number) => {
    const content = `{"parts": [${parts}],"role": "model"}`;
    const counts = `"promptTokenCount": 12,"candidatesTokenCount": ${count},"totalTokenCount": ${count + 12}`;
    const details = '"promptTokensDetails": [{"modality": "TEXT","tokenCount": 12}]';
    const rest = `"usageMetadata": {${counts},${details}},"modelVersion": "gemini-2.5-flash","responseId": "bench"`;
    return `{"candidates": [{"content": ${content},${end}"index": 0}],${rest}}`;
  };
  const frame = (data: string) => chunk(`data: ${data}\r\n\r\n`);
  const text = (token: string) => `{"text": "${token}"}`;
  const stop = '"finishReason": "STOP",';
  return {
    json: jsonAnswer(answer(text('Hello! What can I do for you?'), stop, 9)),
    streamStart: bytes(streamHeadOf('text/event-stream')),
    token: perToken(({ token, number }) => frame(answer(text(token), '', number + 1))),
    streamEnd: byCount((count) => frame(answer('', stop, count))),
  };
}

/** What differs from one event with a token to the next. */
interface TokenEvent {
  readonly token: string;
  readonly number: number;
  /** Some servers hide the length of a token with it. */
  readonly padding: string;
}

/** Longer streams begin anew: their events are made before anything is measured. */
const madeTokens = 1000;

function perToken(write: (event: TokenEvent) => string): (index: number) => Buffer {
  const written = Array.from({ length: madeTokens }, (_, number) =>
    bytes(write({ token: tokenAt(number), number, padding: 'aB3kQ9xZ7mW1pR5t'.slice(number % 16) })),
  );
  return (index) => written[index % written.length] ?? Buffer.alloc(0);
}

function tokenAt(index: number): string {
  return tokens[index % tokens.length] ?? '';
}

function streamHeadOf(contentType: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ntransfer-encoding: chunked\r\n\r\n`;
}

/** The end of a stream of so many tokens, made once. */
function byCount(write: (count: number) => string): (count: number) => Buffer {
  const written = new Map<number, Buffer>();
  return (count) => {
    const known = written.get(count) ?? bytes(write(count) + lastChunk);
    written.set(count, known);
    return known;
  };
}

function jsonAnswer(body: string): Buffer {
  const length = Buffer.byteLength(body);
  return bytes(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`);
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
