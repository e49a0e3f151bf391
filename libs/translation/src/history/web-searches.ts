import { decodeJson, isText, joinTexts, mendSurrogates } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { asObject, asText, memberOf } from '../json-fields.ts';

/**
 * A block of a search that an earlier backend made, as text: other backends have no such blocks. Undefined for every
 * other block. What only Anthropic can read of a page is left out.
 */
export function searchAsText(type: string, block: JsonObject): JsonText | undefined {
  if (type === 'server_tool_use' && asText(block['name']) === 'web_search') {
    const query = memberOf(decodeJson(block['input'] ?? null), 'query');
    return `[web search: ${typeof query === 'string' ? mendSurrogates(query) : ''}]`;
  }
  if (type !== 'web_search_tool_result') return undefined;
  const { content } = block;
  if (!Array.isArray(content)) return '[web search failed]';
  const pages = content.map((page) => pageText(asObject(page) ?? {}));
  return joinTexts([pages.length === 0 ? '[nothing found]' : '[found]', ...pages], '\n');
}

function pageText({ title, url }: JsonObject): JsonText {
  return joinTexts(['[', isText(title) ? title : '', '](', isText(url) ? url : '', ')'], '');
}
