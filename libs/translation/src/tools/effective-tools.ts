import { copyJson, toolPlaceholderName } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { fieldError, toolsMax, tooManyTools } from '../request/read-request.ts';
import type { Warnings } from '../warnings.ts';

/** A tool of the client and where it stands in the request. */
export interface DeclaredTool {
  readonly tool: JsonObject;
  readonly path: string;
}

export interface EffectiveTools {
  readonly tools: readonly DeclaredTool[];
  /** Whether the messages of the request change nothing. */
  readonly asDeclared: boolean;
}

/** Whether it is a server tool, which Anthropic runs: it has a type of its own and no schema. */
export function runsAtAnthropic({ tool }: DeclaredTool): boolean {
  return (asText(tool['type']) ?? 'custom') !== 'custom' && tool['input_schema'] === undefined;
}

/** The names of the tools that the backend can call, in their order. */
export function declaredNames(tools: readonly DeclaredTool[]): string[] {
  return tools.filter((tool) => !runsAtAnthropic(tool)).flatMap(({ tool }) => asText(tool['name']) ?? []);
}

/**
 * The tools at the end of the conversation: the declared ones, changed in order by the additions and removals of system
 * messages. Tools with deferred loading count as soon as they are declared. Throws `request-invalid` for anything that
 * is no tool, and for too many of them.
 */
export function effectiveTools(body: JsonObject, warnings: Warnings): EffectiveTools {
  const declared = asList(body['tools']).map((value, index) => readTool(value, `tools.${index}`));
  const tools = declared.filter(({ tool }) => asText(tool['name']) !== toolPlaceholderName);
  const changes = toolChanges(asList(body['messages']));
  if (changes.length === 0) return { tools, asDeclared: true };
  const present = toolsByName(tools);
  const known = toolsByName(declared);
  for (const { change, path } of changes) {
    const name = changedName(change);
    const isRemoval = asText(change['type']) === 'tool_removal';
    const added = isRemoval ? undefined : addedTool(change, path, known, warnings);
    if (isRemoval || added !== undefined) present.delete(name);
    if (added !== undefined) present.set(asText(added.tool['name']), [added]);
  }
  const changed = [...present.values()].flat();
  if (changed.length > toolsMax) throw tooManyTools(changed.length);
  return { tools: changed, asDeclared: false };
}

type ToolsByName = Map<string | undefined, DeclaredTool[]>;

/** In the order of their first mention; tools of one name stay together. */
function toolsByName(tools: readonly DeclaredTool[]): ToolsByName {
  const named: ToolsByName = new Map();
  for (const declared of tools) {
    const name = asText(declared.tool['name']);
    const before = named.get(name);
    if (before === undefined) named.set(name, [declared]);
    else before.push(declared);
  }
  return named;
}

function addedTool(
  change: JsonObject,
  path: string,
  declared: ToolsByName,
  warnings: Warnings,
): DeclaredTool | undefined {
  const addition = asObject(change['tool']) ?? {};
  const kind = asText(addition['type']) ?? 'untyped';
  if (kind === 'tool_definition') {
    // A copy: tools live as long as the answer streams, and must not keep the history alive.
    return readTool(copyJson(addition['definition'] ?? null), `${path}.tool.definition`);
  }
  const [known] = declared.get(changedName(change)) ?? [];
  if (known === undefined) {
    warnings.add(path, 'unsupported', `A ${kind} names a tool that this request does not declare. It was ignored.`);
  }
  return known;
}

function readTool(value: JsonValue | undefined, path: string): DeclaredTool {
  const tool = asObject(value);
  if (tool === undefined) throw fieldError(path, 'Input should be a tool');
  return { tool, path };
}

interface ToolChange {
  readonly change: JsonObject;
  readonly path: string;
}

function toolChanges(messages: readonly JsonValue[]): ToolChange[] {
  const changes: ToolChange[] = [];
  for (const [index, value] of messages.entries()) {
    const message = asObject(value);
    if (asText(message?.['role']) !== 'system') continue;
    for (const [place, block] of asList(message?.['content']).entries()) {
      const change = asObject(block);
      if (change !== undefined && isToolChange(asText(change['type']))) {
        changes.push({ change, path: `messages.${index}.content.${place}` });
      }
    }
  }
  return changes;
}

/** Whether a block of a system message changes the tools. It holds no text for the model. */
export function isToolChange(type: string | undefined): boolean {
  return type === 'tool_addition' || type === 'tool_removal';
}

function changedName(change: JsonObject): string | undefined {
  const tool = asObject(change['tool']) ?? change;
  const named = asObject(tool['definition']) ?? tool;
  return asText(named['name']) ?? asText(named['tool_name']);
}
