/** What the upstream of the bench says, as bytes of HTTP/1.1, made once. */
export interface Answers {
  readonly json: Buffer;
  /** The head of a stream and its first event. */
  readonly streamStart: Buffer;
  /** One event with one token, an HTTP chunk of its own as real servers send it. */
  token(index: number): Buffer;
  readonly streamEnd: Buffer;
}

/** The tokens of the answers: short, some escaped, some beyond ASCII. */
const tokens = [' the', ' request', ' is', ' hand', 'led', '.', '\\n', ' \\"', 'é', ' →', ' function', '(', ')', ' {'];
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';
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
      streamHead +
        frame('message_start', `,"message":{${head},"content":[],"stop_reason":null,"stop_sequence":null,${usage}}`) +
        frame('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}'),
    ),
    token: perToken((token) =>
      frame('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":"${token}"}`),
    ),
    streamEnd: bytes(
      frame('content_block_stop', ',"index":0') +
        frame('message_delta', `,"delta":{"stop_reason":"end_turn","stop_sequence":null},${usage}`) +
        frame('message_stop', '') +
        lastChunk,
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
    streamStart: bytes(streamHead + delta('"role":"assistant","content":""', 'null')),
    token: perToken((token) => delta(`"content":"${token}"`, 'null')),
    streamEnd: bytes(delta('', '"stop"') + frame('', usage) + chunk('data: [DONE]\n\n') + lastChunk),
  };
}

function perToken(write: (token: string) => string): (index: number) => Buffer {
  const written = tokens.map((token) => bytes(write(token)));
  return (index) => written[index % written.length] ?? Buffer.alloc(0);
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
