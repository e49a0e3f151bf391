import { createProse } from './prose.ts';
import type { Prose } from './prose.ts';

export type BodySize = 'small' | 'large';

/** What a request of Claude Code weighs after a few turns. */
const largeBytes = 132_000;
const model = 'claude-sonnet-4-6';
const toolCount = 20;
const toolTurns = 9;

/** The bytes of a Messages request. */
export function requestBody(size: BodySize, stream: boolean): Buffer {
  if (size === 'small') return encode(smallBody(stream));
  const missing = largeBytes - encode(largeBody(stream, '')).length;
  return encode(largeBody(stream, '.'.repeat(missing)));
}

/** A whole HTTP request as Claude Code sends it, to this path. */
export function httpRequest(size: BodySize, stream: boolean, apiKey: string, path: string): Uint8Array {
  const body = requestBody(size, stream);
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'accept: application/json',
    'anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24',
    'anthropic-dangerous-direct-browser-access: true',
    'anthropic-version: 2023-06-01',
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    'user-agent: claude-cli/2.1.330 (external, sdk-cli)',
    'x-app: cli',
    'x-claude-code-session-id: 5f0c8a52-2a8e-4c39-9f0b-1d8a6f3a7c11',
    'x-stainless-arch: x64',
    'x-stainless-lang: js',
    'x-stainless-os: Linux',
    'x-stainless-package-version: 1.12.0',
    'x-stainless-retry-count: 0',
    'x-stainless-runtime: node',
    'x-stainless-runtime-version: v24.3.0',
    'x-stainless-timeout: 600',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

function encode(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}

function smallBody(stream: boolean): unknown {
  return { model, max_tokens: 1024, stream, messages: [{ role: 'user', content: 'Say hello in one word, please.' }] };
}

/** A session of Claude Code: 20 tools, 19 messages, listings in tool results, and characters beyond ASCII. */
function largeBody(stream: boolean, padding: string): unknown {
  const prose = createProse(1);
  const lasting = { cache_control: { type: 'ephemeral' } };
  return {
    model,
    messages: [
      { role: 'user', content: [{ type: 'text', text: prose.text(3000) }] },
      ...Array.from({ length: toolTurns }, (_, turn) => toolTurn(prose, turn)).flat(),
    ],
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli; cch=00000;' },
      { type: 'text', text: 'You are an agent for coding.', ...lasting },
      { type: 'text', text: prose.text(11_000) + padding, ...lasting },
    ],
    tools: Array.from({ length: toolCount }, (_, index) => tool(prose, index)),
    metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: 's'.repeat(36) }) },
    max_tokens: 32_000,
    stream,
  };
}

/** A call of the assistant and its result: two messages. */
function toolTurn(prose: Prose, turn: number): unknown[] {
  const id = `toolu_01bench${String(turn).padStart(16, '0')}`;
  const input = { file_path: `/home/dev/project/src/${prose.word()}.ts`, old_string: prose.listing(300), limit: turn };
  return [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: prose.text(200) },
        { type: 'tool_use', id, name: `Tool${turn}`, input },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: prose.listing(5600) }] },
  ];
}

function tool(prose: Prose, index: number): unknown {
  const parameters = Array.from({ length: 5 }, (_, at) => [
    `${prose.word()}_${at}`,
    { type: at % 2 === 0 ? 'string' : 'number', description: prose.text(90) },
  ]);
  return {
    name: `Tool${index}`,
    description: prose.text(1700),
    input_schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: Object.fromEntries(parameters),
      required: [parameters[0]?.[0]],
      additionalProperties: false,
    },
  };
}
