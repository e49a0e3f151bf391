import { compactJson, decodeText, isJsonObject, isText, RawJson, toolPlaceholderName, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { fixedPart, toolsTokens, toolTokens } from './overheads.ts';
import { ownSpan } from './prompt-text.ts';
import type { Part } from './prompt-text.ts';
import { jsonPart } from './text-parts.ts';

/** The parts of an array of tools, each as the compact JSON that chat templates show to a model. */
export function toolParts(tools: JsonValue): Part[] {
  const parts = (Array.isArray(tools) ? tools : []).filter(isJsonObject).flatMap(partsOf);
  return parts.length === 0 ? [] : [fixedPart(toolsTokens), ...parts];
}

function partsOf(tool: JsonObject): Part[] {
  const { name, description, input_schema: schema } = tool;
  // It is not sent on.
  if (isText(name) && decodeText(name) === toolPlaceholderName) return [];
  // A tool that runs at its provider has no schema; what it costs there is in its own fields at best.
  if (!(schema instanceof RawJson)) return [fixedPart(toolTokens), jsonPart(tool)];
  const shown: JsonObject = {
    name: isText(name) ? name : undefined,
    description: isText(description) ? description : undefined,
    parameters: compactRaw(schema),
  };
  return [fixedPart(toolTokens), { kind: 'json', span: ownSpan(writeJson(shown)) }];
}

function compactRaw(value: RawJson): RawJson {
  const json = compactJson(writeJson(value));
  return new RawJson(json, 0, json.length);
}
