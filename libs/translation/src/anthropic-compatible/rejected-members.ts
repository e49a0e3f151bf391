import type { JsonObject } from '@ccg/wire';
import { sentMembers } from '../failure/sent-members.ts';
import type { SentMembers } from '../failure/sent-members.ts';
import { applyRejections } from '../request/apply-rejections.ts';
import type { RequestedThinking } from '../request/requested-thinking.ts';
import type { CompatibleContext } from './compatible-context.ts';

const block = [
  'type',
  'text',
  'source',
  'id',
  'name',
  'input',
  'tool_use_id',
  'content',
  'content[].type',
  'content[].text',
  'content[].source',
  'thinking',
  'signature',
];

/** The members of the protocol. */
const ofBlocks: ReadonlySet<string> = new Set([...block, 'is_error', 'cache_control', 'citations', 'title', 'context']);

/** Required members, and those that mean nothing without what stands beside them. Others can be left out. */
const indispensable: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'stream',
  'system',
  'system[].type',
  'system[].text',
  'messages',
  'messages[].role',
  'messages[].content',
  ...block.map((name) => `messages[].content[].${name}`),
  'tools',
  ...['name', 'description', 'input_schema'].map((name) => `tools[].${name}`),
  'tool_choice.type',
  'tool_choice.name',
  'thinking.type',
  'thinking.budget_tokens',
]);

interface SentRequest {
  readonly sent: JsonObject;
  readonly members: SentMembers;
}

/** The request without the members and values that the server rejected before. */
export function withoutRejected(
  request: JsonObject,
  requested: RequestedThinking,
  { rejected, warnings }: CompatibleContext,
): SentRequest {
  const clientField = (path: string) => clientFieldOf(path, requested);
  const sent = applyRejections(request, rejected, { kept: indispensable, clientField, warnings });
  return { sent, members: sentMembers(sent, indispensable) };
}

/** Both sides speak one protocol, but for the form in which thinking is asked for. */
function clientFieldOf(path: string, requested: RequestedThinking): string | undefined {
  const isThinking = path.startsWith('thinking') || path.startsWith('output_config');
  if (isThinking) return requested.kind === 'asked' ? requested.field : undefined;
  const [, member] = /^messages\[\]\.content\[\]\.([^.[]+)/u.exec(path) ?? [];
  // What a server wants back with its calls was no wish of the client's.
  if (member !== undefined && !ofBlocks.has(member)) return undefined;
  return path.replaceAll('[]', '');
}
