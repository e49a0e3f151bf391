import { isEmptyText, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { sentMembers } from '../../failure/sent-members.ts';
import { applyRejections } from '../../request/apply-rejections.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import type { ConversionContext } from './conversion-context.ts';

/** Required members, and those that mean nothing without what stands beside them. Others can be left out. */
const indispensable: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'stream',
  ...['role', 'content', 'tool_call_id', 'tool_calls'].map((name) => `messages[].${name}`),
  ...['type', 'text', 'image_url', 'image_url.url', 'file', 'file.filename', 'file.file_data'].map(
    (name) => `messages[].content[].${name}`,
  ),
  ...['id', 'type', 'function', 'function.name', 'function.arguments'].map((name) => `messages[].tool_calls[].${name}`),
  'tool_choice.type',
  'tool_choice.function',
  'tool_choice.function.name',
  'thinking.type',
  'response_format.json_schema',
  'response_format.json_schema.name',
  'response_format.json_schema.schema',
]);

/** The limit is never left out: without it several servers never stop. A converter sends it under its other name. */
const maxTokensFields = ['max_tokens', 'max_completion_tokens'] as const;

/** Converters heed these rejections. */
const kept: ReadonlySet<string> = new Set([...indispensable, ...maxTokensFields, 'response_format.type']);

const strictTools = 'tools[].function.strict';

export interface SentRequest {
  readonly sent: JsonObject;
  readonly members: ReadonlyMap<string, string | undefined>;
}

/** The request without the members and values that the backend rejected before. */
export function withoutRejected(
  request: JsonObject,
  { hasStrict, requested }: { readonly hasStrict: boolean; readonly requested: RequestedThinking },
  { rejected, warnings, capabilities: { systemRole } }: ConversionContext,
): SentRequest {
  const clientField = (path: string, value: JsonValue) => clientFieldOf(path, value, requested);
  const sent = applyRejections(request, rejected, { kept, clientField, warnings });
  const members = sentMembers(sent, indispensable);
  if (hasStrict) members.set(strictTools, 'true');
  // The only role that has another.
  if (systemRole === 'developer' && !isRoleRejected({ rejected })) members.set('messages[].role', systemRole);
  return { sent, members };
}

/** Whether the role `developer` was rejected. */
export function isRoleRejected({ rejected }: Pick<ConversionContext, 'rejected'>): boolean {
  return rejected.fields.has('messages[].role') || rejected.values.has('messages[].role');
}

export function areStrictToolsRejected({ rejected }: Pick<ConversionContext, 'rejected'>): boolean {
  return rejected.fields.has(strictTools);
}

/** The same limit under its other name, if the backend rejected the usual one. */
export function maxTokensField({ capabilities, rejected }: ConversionContext): string {
  const usual = capabilities.maxTokensField;
  const other = maxTokensFields.find((field) => field !== usual);
  return other !== undefined && rejected.fields.has(usual) && !rejected.fields.has(other) ? other : usual;
}

const clientFields: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  stop: 'stop_sequences',
  tool_choice: 'tool_choice',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
  response_format: 'output_config.format',
};

const thinkingFields: ReadonlySet<string> = new Set([
  'reasoning_effort',
  'reasoning',
  'thinking',
  'enable_thinking',
  'chat_template_kwargs',
  'reasoning_budget',
]);

/** The rest is the gateway's own: options of the stream, identifiers, switches of a service. */
function clientFieldOf(path: string, value: JsonValue, requested: RequestedThinking): string | undefined {
  const [outermost = ''] = path.split('.');
  if (thinkingFields.has(outermost)) return requested.kind === 'asked' ? requested.field : undefined;
  if (path === 'messages[].reasoning_content')
    return isText(value) && !isEmptyText(value) ? 'messages.thinking' : undefined;
  if (path === 'messages[].reasoning_details') return 'messages.thinking';
  if (path.endsWith('.cache_control')) return 'messages.cache_control';
  return Object.hasOwn(clientFields, outermost) ? clientFields[outermost] : undefined;
}
