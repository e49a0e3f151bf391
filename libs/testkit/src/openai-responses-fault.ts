import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';

/** Why OpenAI would refuse a request for a response; undefined if it would not. */
export function openAiResponsesFault(body: unknown): string | undefined {
  if (jsonAt(body, 'store') !== false) return 'The tests keep nothing at the server.';
  const items = jsonListAt(body, 'input');
  return (
    toolFault(body) ??
    callFault(items) ??
    items.map((item, index) => itemFault(item, items[index + 1])).find((fault) => fault !== undefined)
  );
}

function toolFault(body: unknown): string | undefined {
  const tools = jsonListAt(body, 'tools');
  const names = tools.map((tool) => jsonAt(tool, 'name'));
  const choice = jsonAt(body, 'tool_choice', 'name');
  if (choice !== undefined && !names.includes(choice)) return "Tool choice 'function' not found in 'tools' parameter.";
  const open = tools.find((tool) => jsonAt(tool, 'type') === 'function' && jsonAt(tool, 'strict') !== false);
  const isOpen = open !== undefined && jsonAt(open, 'parameters', 'additionalProperties') !== false;
  return isOpen
    ? "Invalid schema for function: 'additionalProperties' is required to be supplied and to be false."
    : undefined;
}

/** Each call has one output after it, and each output its call. */
function callFault(items: readonly unknown[]): string | undefined {
  const ids = (type: string) =>
    items.filter((item) => jsonAt(item, 'type') === type).map((item) => jsonTextAt(item, 'call_id'));
  const [calls, outputs] = [ids('function_call'), ids('function_call_output')];
  const lost = calls.find((id) => !outputs.includes(id));
  if (lost !== undefined) return `No tool output found for function call ${lost}.`;
  const stray = outputs.find((id) => !calls.includes(id));
  if (stray !== undefined) return `No tool call found for function call output with call_id ${stray}.`;
  const long = calls.find((id) => id.length > 64);
  return long === undefined ? undefined : `Invalid 'input[0].call_id': string too long.`;
}

const partTypes: ReadonlySet<unknown> = new Set(['input_text', 'input_image', 'input_file']);

function itemFault(item: unknown, next: unknown): string | undefined {
  const type = jsonAt(item, 'type');
  const content = jsonAt(item, type === 'function_call_output' ? 'output' : 'content');
  if (type === 'reasoning') {
    if (!/^encrypted-\d+$/u.test(jsonTextAt(item, 'encrypted_content'))) {
      return 'The encrypted content could not be verified.';
    }
    const follows = jsonAt(next, 'role') === 'assistant' || jsonAt(next, 'type') === 'function_call';
    return follows ? undefined : "Item of type 'reasoning' was provided without its required following item.";
  }
  if (type === 'function_call') return undefined;
  if (typeof content === 'string') return undefined;
  const parts = Array.isArray(content) ? content : [undefined];
  return parts.every((part) => partTypes.has(jsonAt(part, 'type'))) ? undefined : 'Invalid content.';
}
