import type { AnthropicCapabilities } from '@ccg/catalog';
import { decodeText, isText, textStartsWith, writeJsonBytes } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { mergeTurns } from '../../history/merge-turns.ts';
import { placeSystemTurns } from '../../history/place-system-turns.ts';
import { readTurns } from '../../history/read-turns.ts';
import type { HistoryBlock } from '../../history/turn.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { readRequest } from '../../read-request.ts';
import { effectiveTools } from '../../tools/effective-tools.ts';
import { createToolIds } from '../../tools/tool-ids.ts';
import type { ToolIds } from '../../tools/tool-ids.ts';
import type { TranslationInput } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';

/** The members of a request that every such server takes; the others are refused by some and mean nothing to the rest. */
const known = ['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'thinking', 'tool_choice'];

/** Writes the request for a server that imitates Anthropic's, in the oldest form of the protocol. */
export function convertForImitation(
  { envelope, target }: TranslationInput,
  capabilities: AnthropicCapabilities,
  warnings: Warnings,
): Uint8Array {
  const body = readRequest(envelope);
  if (asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']) !== undefined) {
    warnings.add('output_config.format', 'unsupported', 'The form of the answer cannot be forced; it was left out.');
  }
  const tools = convertTools(body, warnings);
  const ids = createToolIds('any');
  const turns = mergeTurns(placeSystemTurns(readTurns(asList(body['messages'])), 'reminder', warnings));
  const messages = turns.map(({ role, blocks }) => ({
    role,
    content: blocks.flatMap((block) => convertBlock(block, ids, capabilities, warnings)),
  }));
  return writeJsonBytes({
    model: target.model,
    ...Object.fromEntries(known.map((name) => [name, body[name]])),
    system: convertSystem(body['system']),
    messages: messages.filter(({ content }) => content.length > 0),
    ...(tools.length === 0 ? { tool_choice: undefined } : { tools }),
  });
}

function convertTools(body: JsonObject, warnings: Warnings): JsonObject[] {
  return effectiveTools(body, warnings).flatMap(({ tool, path }) => {
    const { name, description, input_schema: schema } = tool;
    if (schema !== undefined) return [{ name, description, input_schema: schema }];
    warnings.add(
      path,
      'unsupported',
      `The tool ${asText(tool['type']) ?? ''} runs at Anthropic alone; it was left out.`,
    );
    return [];
  });
}

/** The attribution line changes from request to request and would spoil the server's prefix cache. */
function convertSystem(system: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(system)) return system;
  return system.filter((block) => {
    const text = asObject(block)?.['text'];
    return !isText(text) || !textStartsWith(text, 'x-anthropic-billing-header:');
  });
}

function convertBlock(
  { type, block, path }: HistoryBlock,
  ids: ToolIds,
  { images }: AnthropicCapabilities,
  warnings: Warnings,
): JsonObject[] {
  const { cache_control: _, ...rest } = block;
  switch (type) {
    case 'thinking':
      return startsSealed(block['signature']) ? [] : [rest];
    case 'redacted_thinking':
      return startsSealed(block['data']) ? [] : [rest];
    case 'tool_use':
      return [{ ...rest, id: idOf(block['id'], ids) }];
    case 'tool_result':
      return [{ ...rest, tool_use_id: idOf(block['tool_use_id'], ids) }];
    case 'image':
      if (images) return [rest];
      warnings.add(path(), 'unsupported', 'This server takes no images; it was told of one.');
      return [{ type: 'text', text: '[image left out: this model cannot see]' }];
    default:
      return [rest];
  }
}

function idOf(id: JsonValue | undefined, ids: ToolIds): string {
  return ids.inward(isText(id) ? decodeText(id) : '');
}

function startsSealed(value: JsonValue | undefined): boolean {
  return isText(value) && textStartsWith(value, 'ccg1.');
}
