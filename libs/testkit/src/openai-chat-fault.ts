import { jsonAt, jsonListAt } from './json-at.ts';

/** Fields of the chat completions reference that a gateway has a reason to send. */
const knownFields: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'reasoning_effort',
  'response_format',
  'user',
  'metadata',
  'store',
  'service_tier',
  'prompt_cache_key',
  'n',
  'seed',
]);

const roles: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/**
 * What a strict server refuses in a chat completion request, in its words, or `undefined`: unknown fields, unknown
 * roles, a system message after the first user turn, tool results that do not follow their calls one for one.
 */
export function openAiChatFault(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return 'The body is not an object.';
  const unknown = Object.keys(body).find((field) => !knownFields.has(field));
  if (unknown !== undefined) return `Unrecognized request argument supplied: ${unknown}`;
  if (typeof jsonAt(body, 'model') !== 'string') return 'you must provide a model parameter';
  const messages = jsonListAt(body, 'messages');
  if (messages.length === 0) return `Invalid 'messages': empty array.`;
  return roleFault(messages) ?? toolResultFault(messages);
}

function roleFault(messages: readonly unknown[]): string | undefined {
  const unknownRole = messages.findIndex((message) => !roles.has(jsonAt(message, 'role')));
  if (unknownRole !== -1) return `Invalid value: 'messages[${unknownRole}].role'.`;
  const firstTurn = messages.findIndex((message) => !isInstruction(message));
  const late = messages.findIndex((message, index) => index > firstTurn && firstTurn !== -1 && isInstruction(message));
  return late === -1 ? undefined : `System message must be at the beginning, not at messages[${late}].`;
}

function isInstruction(message: unknown): boolean {
  const role = jsonAt(message, 'role');
  return role === 'system' || role === 'developer';
}

function toolResultFault(messages: readonly unknown[]): string | undefined {
  let open: unknown[] = [];
  for (const [index, message] of messages.entries()) {
    if (jsonAt(message, 'role') === 'tool') {
      const id = jsonAt(message, 'tool_call_id');
      if (!open.includes(id)) return `messages[${index}] answers no preceding tool call.`;
      open = open.filter((callId) => callId !== id);
      continue;
    }
    if (open.length > 0)
      return `An assistant message with 'tool_calls' must be followed by tool messages for ${open.join(', ')}.`;
    open = jsonListAt(message, 'tool_calls').map((call) => jsonAt(call, 'id'));
  }
  return open.length === 0 ? undefined : `No tool output found for ${open.join(', ')}.`;
}
