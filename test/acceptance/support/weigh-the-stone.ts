import { mockCall, mockUsage } from './start-mock-model.ts';
import type { MockRequest, MockTurn } from './start-mock-model.ts';

const usage = mockUsage(1000, 20);

/**
 * Writes a file and looks for a tool in one turn, calls the tool that was found in the next, then answers. `thought` is
 * the reasoning of the first; the mock gives that of Ollama a name that Ollama does not use.
 */
export function weighTheStone(file: string, thought?: string): (request: MockRequest) => MockTurn {
  const reasoning = thought === undefined ? {} : { reasoning: thought };
  return ({ messages }) => {
    const results = messages.filter(({ role }) => role === 'tool').length;
    if (messages.at(-1)?.role === 'user' && results > 2) return { content: 'Still 42 grams.', usage };
    if (results === 0) {
      const write = mockCall('call_write', 'Write', { file_path: file, content: 'grüße 石' });
      const search = mockCall('call_search', 'ToolSearch', { query: 'select:mcp__stones__weigh' });
      return { content: 'Two things at once.', ...reasoning, toolCalls: [write, search], usage };
    }
    if (results === 2) return { toolCalls: [mockCall('call_weigh', 'mcp__stones__weigh', {})], usage };
    return { content: 'It weighs 42 grams.', usage };
  };
}
