import { anthropicFrames, callTool, jsonTextAt, say } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';
import { parseStream } from './sse-grammar.ts';
import { bytesOf, passesThrough, plainRequest, playStream, translate } from './translate.ts';
import type { StreamedAnswer, TestTarget } from './translate.ts';

const anthropic = { dialect: 'anthropic', model: 'm' } as const;
const anthropicStream = anthropicFrames(
  { content: [say('Grüße, world'), callTool('toolu_1', 'Bash', { command: 'rm -rf build/cache --dry-run' })] },
  'm',
).join('');
const chunk = (delta: object, finishReason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
const callChunk = (text: string, more: object = {}) =>
  chunk({
    tool_calls: [{ index: 0, ...more, function: { name: more === none ? undefined : 'Bash', arguments: text } }],
  });
const none = {};
const chatStream = [
  chunk({ reasoning_content: 'Hm. ' }),
  chunk({ reasoning_content: 'So.' }),
  ...['Grü', 'ße, ', 'wor', 'ld'].map((content) => chunk({ content })),
  callChunk('{"command":"rm -rf build', { id: 'call_1', type: 'function' }),
  callChunk('/cache --dry-run', none),
  callChunk('"}', none),
  chunk({}, 'tool_calls'),
  'data: [DONE]\n\n',
].join('');

const servers: readonly { readonly name: string; readonly target: TestTarget; readonly stream: string }[] = [
  {
    name: 'chat completions',
    target: { dialect: 'openai-chat', model: 'm', profile: 'compatible' },
    stream: chatStream,
  },
  { name: 'OpenAI', target: { dialect: 'openai-chat', model: 'm', profile: 'openai' }, stream: chatStream },
  { name: 'DeepSeek', target: { ...anthropic, anthropicProfile: 'deepseek' }, stream: anthropicStream },
  { name: 'llama-server', target: { ...anthropic, anthropicProfile: 'llama-cpp' }, stream: anthropicStream },
  { name: 'Anthropic', target: { ...anthropic, anthropicProfile: 'claude' }, stream: anthropicStream },
];

const itsText = /"(?:content|text|thinking|partial_json|arguments|reasoning_content|stop_reason)":"/u;
/** What may happen to an event on its way. The data keeps enough to show that it is not whole. */
const holes: readonly (readonly [string, (frame: string) => string])[] = [
  ['its end is missing', (frame) => `${frame.slice(0, -12)}\n\n`],
  ['its second half is missing', (frame) => `${frame.slice(0, frame.length / 2)}\n\n`],
  ['its beginning is missing', (frame) => frame.replace(/data: .{25}/u, 'data: ')],
  ['its beginning and its field name are missing', (frame) => frame.replace(/data: .{12}/u, '')],
  ['its middle is missing', (frame) => frame.replace(/"(delta|choices)":/u, '"')],
  ['the first byte of its field name is missing', (frame) => frame.replace('data:', 'ata:')],
  [
    'an empty line is in its middle',
    (frame) => `${frame.slice(0, frame.length / 2)}\n\n${frame.slice(frame.length / 2)}`,
  ],
  ['a line end is in its text', (frame) => frame.replace(itsText, '$&\n')],
  [
    'its second line is cut',
    (frame) =>
      `${frame
        .trimEnd()
        .replace(/,(?=")/u, ',\ndata: ')
        .slice(0, -9)}\n\n`,
  ],
  ['a byte is no character', (frame) => frame.replace(itsText, '$&\u00ff')],
  ['a byte is zero', (frame) => frame.replace(itsText, '$&\u0000')],
  ['its line end is missing', (frame) => frame.trimEnd()],
];

describe.each(servers)('a stream of $name with a hole', ({ target, stream }) => {
  const frames = stream.split(/(?<=\n\n)/u);
  const content = frames.flatMap((frame, at) => (/_delta"|"delta":\{"/u.test(frame) ? [at] : []));

  test.each(holes)('ends as one error, and no call of it can be run: %s', (_what, damage) => {
    for (const at of content) {
      const damaged = frames.with(at, damage(frames[at] ?? '')).join('');
      if (damaged === stream) throw new Error('nothing was damaged');
      const { text, progress } = playStream(translate(plainRequest, target), [latin1(damaged)]);
      expect(progress).toMatchObject({ state: 'failed', error: { code: 'upstream-malformed' } });
      expect(text.match(/^event: error$/gmu)).toHaveLength(1);
      expect(text).not.toMatch(/"stop_reason":"|"type":"message_stop"/u);
      if (!passesThrough(target)) expect(parseStream(text).end).toBe('error');
    }
  });
});

const noise: readonly string[] = [
  'data: ping\n\n',
  'data:\n\n',
  'data\n\n',
  'data: \n\n',
  ': comment {"a":\n\n',
  'data: still working, 12:00\n\n',
  'data: [PING]\n\n',
  'data: null\n\n',
  'data: {}\n\n',
  'data: {"type":"ping"}\n\n',
  'data: [DONE\n\n',
  'event: ping\n\n',
  'event: ping\ndata: {}\n\n',
  'event: heartbeat\ndata: now\n\n',
  'retry: 3000\n\n',
  'id: {"7"}\n\n',
  'keep-alive\n\n',
  'data: see https://x/y?a="b" for more\n\n',
  ': "still working" {}\n\n',
  ': queue {"position":3}\n\n',
  'data: -- still working --\n\n',
  'data: $PING\n\n',
  'data: >ping\n\n',
  'data: "ping"\n\n',
  'data: /heartbeat\n\n',
  'data: {"message":"still working"}\n\n',
  'data: {"code":0,"msg":"ping"}\n\n',
  'data: {"state":"RUNNING","message":"generating"}\n\n',
  'data: {"status":"in_progress","detail":"step 3 of 7"}\n\n',
  'data: {"event":"heartbeat","message":"12:00:01"}\n\n',
  'data: {"message":"Processing..."}\n\n',
];

/** What a proxy or a dying server puts in the place of a part of the answer. */
const breaks: readonly string[] = [
  'data: <html>502 Bad Gateway</html>\n\n',
  'data: <!DOCTYPE html>\ndata: <p>gone\n\n',
  'data: \u0000\u0000\u0000\n\n',
  'event: error\n\n',
  'event: error\ndata:\n\n',
  'data: ["/cache"]\n\n',
  'data: --dry-run\n\n',
  'data:  /cache --force\n\n',
  'data: && echo done\n\n',
];

describe.each(servers)('a stream of $name', ({ target, stream }) => {
  const frames = stream.split(/(?<=\n\n)/u);
  const whole = played(target, stream);

  test.each(noise)('is not disturbed by noise, however much: %j', (line) => {
    const noisy = frames.map((frame) => frame + line.repeat(4)).join('');
    expect(contentOf(target, played(target, noisy))).toEqual(contentOf(target, whole));
  });
});

describe.each(servers.filter(({ target }) => !passesThrough(target)))('a stream of $name', ({ target, stream }) => {
  test.each(breaks)('ends as one error where it is interrupted by %j', (line) => {
    const frames = stream.split(/(?<=\n\n)/u);
    const interrupted = frames.toSpliced(-5, 0, line).join('');
    const { text, progress } = playStream(translate(plainRequest, target), [bytesOf(interrupted)]);
    expect(progress.state).toBe('failed');
    expect(text.match(/^event: error$/gmu)).toHaveLength(1);
  });
});

test.each([
  ['several chunks in one event', (chunks: string) => chunks.replaceAll('\n\ndata: {', '\ndata: {')],
  ['a keep-alive in the event of a chunk', (chunks: string) => chunks.replaceAll('data: {', 'data: ping\ndata: {')],
  ['chunks in lists', (chunks: string) => chunks.replace(/data: (\{.*\})/gu, 'data: [$1]')],
  ['chunks that are encoded twice', encodedTwice],
  ['chunks that are encoded three times', (chunks: string) => encodedTwice(encodedTwice(chunks))],
  [
    'a chunk that is encoded twice',
    (chunks: string) => chunks.replace(/(?<=data: )\{.*cache.*\}/u, (json) => JSON.stringify(json)),
  ],
  ['a doubled prefix', (chunks: string) => chunks.replaceAll('data: ', 'data: data: ')],
  ['another spelling of the marker', (chunks: string) => chunks.replace('[DONE]', '"[Done]"')],
])('%s are read', (_what, change) => {
  const target: TestTarget = { dialect: 'openai-chat', model: 'm', profile: 'compatible' };
  expect(change(chatStream)).not.toBe(chatStream);
  expect(played(target, change(chatStream)).text).toBe(played(target, chatStream).text);
});

test('of an Anthropic stream all that came before a hole has passed', () => {
  const target = { ...anthropic, anthropicProfile: 'claude' } as const;
  const cut = anthropicStream.replace('"text":"', '"te');
  const { text } = playStream(translate(plainRequest, target), [bytesOf(cut)]);
  const own = text.indexOf('event: error');
  expect(cut.startsWith(text.slice(0, own))).toBe(true);
  expect(jsonTextAt(JSON.parse(text.slice(text.lastIndexOf('{"type":"error"'))), 'error', 'type')).not.toBe('');
});

function encodedTwice(chunks: string): string {
  return chunks.replaceAll(/(?<=data: )["{].*["}]/gu, (json) => JSON.stringify(json));
}

function played(target: TestTarget, stream: string): StreamedAnswer {
  const answer = playStream(translate(plainRequest, target), [bytesOf(stream)]);
  expect(answer.progress.error).toBeUndefined();
  expect(answer.progress.state).toBe('complete');
  return answer;
}

function contentOf(target: TestTarget, { text }: StreamedAnswer) {
  if (!passesThrough(target)) return parseStream(text).content;
  return text.match(/"(?:text|partial_json|thinking)":"(?:[^"\\]|\\.)*"/gu);
}

/** UTF-8, but for the character U+00FF, which stands for that byte. */
function latin1(text: string): Uint8Array {
  return Buffer.concat(text.split(/(\u00ff)/u).map((part) => Buffer.from(part, part === '\u00ff' ? 'latin1' : 'utf8')));
}

test('events whose names stand alone before their data are read', () => {
  const target = { ...anthropic, anthropicProfile: 'deepseek' } as const;
  const apart = anthropicStream.replaceAll('\ndata: ', '\n\ndata: ');
  expect(played(target, apart).text).toBe(played(target, anthropicStream).text);
});

const geminiChunk = (text: string, rest: object = {}) => ({
  candidates: [{ content: { parts: [{ text }] }, ...rest }],
});
const bodies: readonly { readonly name: string; readonly target: TestTarget; readonly chunks: readonly object[] }[] = [
  {
    name: 'chat completions',
    target: { dialect: 'openai-chat', model: 'm', profile: 'compatible' },
    chunks: ['Do ', 'not ', 'delete it.'].map((content, at) => ({
      choices: [{ index: 0, delta: { content }, finish_reason: at === 2 ? 'stop' : null }],
    })),
  },
  {
    name: 'Gemini',
    target: { dialect: 'gemini', model: 'gemini-3-flash' },
    chunks: [geminiChunk('Do '), geminiChunk('not '), geminiChunk('delete it.', { finishReason: 'STOP' })],
  },
];

describe.each(bodies)('a body of $name in which chunks stand alone', ({ target, chunks }) => {
  const lines = chunks.map((piece) => JSON.stringify(piece));
  const list = `[${lines.join(',\r\n')}`;

  test.each([
    ['a line each', lines.join('\n')],
    ['in a list', `${list}]`],
  ])('is read: %s', (_what, body) => {
    expect(contentOf(target, played(target, body))).toMatchObject([{ text: 'Do not delete it.' }]);
  });

  test.each([
    ['a list without its end', list],
    ['a list without its beginning', `${list.slice(1)}]`],
    ['a line whose end is missing', lines.with(1, lines[1]?.slice(0, -9) ?? '').join('\n')],
    ['a line whose beginning is missing', lines.with(1, lines[1]?.slice(9) ?? '').join('\n')],
    ['a first line whose beginning is missing', lines.join('\n').slice(9)],
    ['a cut line, and an event after it', `${lines[0]}\n${lines[1]?.slice(0, -9)}\ndata: ${lines[2]}`],
    ['two lines of one event, the first of them cut', `data: ${lines[1]?.slice(0, -9)}\ndata: ${lines[2]}`],
  ])('ends as one error with a hole in it: %s', (_what, body) => {
    const { text, progress } = playStream(translate(plainRequest, target), [bytesOf(body)]);
    expect(progress).toMatchObject({ state: 'failed', error: { code: 'upstream-malformed' } });
    expect(text.match(/^event: error$/gmu)).toHaveLength(1);
  });
});

describe('a body of Ollama', () => {
  const target = { dialect: 'ollama', model: 'm' } as const;
  const call = { function: { name: 'Bash', arguments: { command: 'rm -rf build/cache --dry-run' } } };
  const lines = [{ content: 'Do ' }, { content: 'not ' }, { content: 'delete it.', tool_calls: [call] }]
    .map((message) => JSON.stringify({ model: 'm', message: { role: 'assistant', ...message }, done: false }))
    .concat(JSON.stringify({ model: 'm', message: { content: '' }, done: true, done_reason: 'stop', eval_count: 4 }));
  const body = lines.join('\n');
  const whole = parseStream(played(target, body).text).content;

  test.each([
    ['lists', `[${lines.join(',')}]`],
    ['a list over many lines', `[\n${lines.join(',\n')}\n]\n`],
    ['events', `${lines.map((line) => `data: ${line}`).join('\n\n')}\n\ndata: [DONE]\n\n`],
    ['events with names', lines.map((line) => `event: message\nid: 7\ndata: ${line}\n\n`).join('')],
    ['a byte order mark before it', `\ufeff${body}`],
    ['blank lines between them', lines.join('\r\n\r\n')],
  ])('is read as %s', (_what, other) => {
    expect(parseStream(played(target, other).text).content).toEqual(whole);
  });

  test('is read as a document over many lines', () => {
    const document = { message: { content: 'Do not', tool_calls: [call] }, done: true, done_reason: 'stop' };
    expect(parseStream(played(target, JSON.stringify(document, null, 2)).text).content).toHaveLength(2);
  });

  test.each(['ping', ': waiting', '{}', '{"status":"loading"}', '[PING]', 'null', '""', 'still working, 12:00', '[]'])(
    'is not disturbed by noise, however much: %s',
    (line) => {
      const noisy = lines.map((each) => `${`${line}\n`.repeat(4)}${each}`).join('\n');
      expect(parseStream(played(target, noisy).text).content).toEqual(whole);
    },
  );

  test.each([
    ['its end is missing', (line: string) => line.slice(0, -12)],
    ['its second half is missing', (line: string) => line.slice(0, line.length / 2)],
    ['its beginning is missing', (line: string) => line.slice(25)],
    ['a line end is in it', (line: string) => `${line.slice(0, -20)}\n${line.slice(-20)}`],
    ['a line end is in its text', (line: string) => line.replace(/(?:not|build)/u, '$&\n')],
    ['a part of a command stands in its place', () => '--dry-run'],
    ['a page stands in its place', () => '<html>502</html>'],
  ])('ends as one error with a hole in it: %s', (_what, damage) => {
    for (const at of [1, 2]) {
      const damaged = lines.with(at, damage(lines[at] ?? '')).join('\n');
      if (damaged === body) throw new Error('nothing was damaged');
      const { text, progress } = playStream(translate(plainRequest, target), [bytesOf(damaged)]);
      if (progress.state === 'complete') expect(parseStream(text).content).toEqual(whole);
      else expect(text.match(/^event: error$/gmu)).toHaveLength(1);
    }
  });

  test('tells words that are all of it as the reason', () => {
    const { progress } = playStream(translate(plainRequest, target), [bytesOf('Internal Server Error\n')]);
    expect(progress.error?.publicMessage).toContain('Internal Server Error');
  });
});
