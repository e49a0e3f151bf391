import { copyText, decodeText, isText } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { textLiteral } from '../json-literal.ts';
import { asList, asObject, asText } from '../json-fields.ts';
import type { DeclaredTool } from './effective-tools.ts';

/** A request that lets the backend search the web. */
export interface WebSearchRequest {
  readonly declared: DeclaredTool;
  /** What is asked for, the content of a JSON string literal. Holds nothing of the body. */
  readonly query: string;
  /**
   * Whether the request is for a search and nothing else, as Claude Code makes one for each call of its tool WebSearch.
   * What it gets back is shown to another model as what the web says.
   */
  readonly isAll: boolean;
}

/** How Claude Code asks. */
const asked = /^\s*Perform a web search for the query:\s*/iu;
const queryMaxLength = 400;

/** Whether it is Anthropic's tool that searches the web, of any version. */
export function isWebSearch({ tool }: DeclaredTool): boolean {
  return /^web_search_\d+$/u.test(asText(tool['type']) ?? '') && tool['input_schema'] === undefined;
}

/** The request for searches, or undefined if the tools at the end of the conversation have none. */
export function readWebSearch(body: JsonObject, tools: readonly DeclaredTool[]): WebSearchRequest | undefined {
  const declared = tools.find(isWebSearch);
  if (declared === undefined) return undefined;
  const messages = asList(body['messages']);
  const text = decodeText(lastText(messages.at(-1)) ?? '');
  const isAsked = asked.test(text) || asText(asObject(body['tool_choice'])?.['name']) === declared.tool['name'];
  const query = text.replace(asked, '').trim().slice(0, queryMaxLength);
  return {
    declared,
    query: copyText(textLiteral(query.toWellFormed())),
    isAll: tools.length === 1 && messages.length === 1 && isAsked,
  };
}

function lastText(message: JsonValue | undefined): JsonText | undefined {
  const content = asObject(message)?.['content'];
  if (isText(content)) return content;
  return asList(content)
    .map((block) => asObject(block)?.['text'])
    .findLast(isText);
}
