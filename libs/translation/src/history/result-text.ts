import { isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { asList, asObject } from '../json-fields.ts';

/** A search result block as text: its title and source, then what it says. */
export function searchResultText(block: JsonObject): JsonText {
  const { title, source } = block;
  const head = joinTexts(['[', isText(title) ? title : '', '](', isText(source) ? source : '', ')'], '');
  const texts = asList(block['content']).map((part) => asObject(part)?.['text']);
  return joinTexts([head, ...texts.filter(isText)], '\n');
}

/** What a tool search found; from now on the client declares the tool. */
export function toolReferenceText(block: JsonObject): JsonText {
  const { tool_name: name } = block;
  return joinTexts(['Tool "', isText(name) ? name : '', '" is now available.'], '');
}
