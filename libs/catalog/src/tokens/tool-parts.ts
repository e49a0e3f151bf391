import { decodeText, isText, RawJson, readJson, writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { fixedPart, toolsTokens, toolTokens } from './overheads.ts';
import { ownSpan } from './prompt-text.ts';
import type { Part, Span } from './prompt-text.ts';
import { jsonPart, readObjects } from './read-prompt.ts';

const rawKeys: ReadonlySet<string> = new Set(['input_schema', 'cache_control', 'input_examples']);
/** Keeps the place of tools that were not loaded; it is not sent on. */
const placeholderName = 'DeferredToolPlaceholder';

/** The parts of an array of tools, each as the compact JSON that chat templates show to a model. */
export function toolParts(span: Span): Part[] {
  const parts = readObjects(span, rawKeys).flatMap(partsOf);
  return parts.length === 0 ? [] : [fixedPart(toolsTokens), ...parts];
}

function partsOf(tool: JsonObject): Part[] {
  const { name, description, input_schema: schema } = tool;
  if (isText(name) && decodeText(name) === placeholderName) return [];
  // A tool that runs at its provider has no schema; what it costs there is in its own fields at best.
  if (!(schema instanceof RawJson)) return [fixedPart(toolTokens), jsonPart(tool)];
  const shown: JsonObject = {
    name: isText(name) ? name : undefined,
    description: isText(description) ? description : undefined,
    parameters: readJson(writeJson(schema)),
  };
  return [fixedPart(toolTokens), { kind: 'json', span: ownSpan(writeJson(shown)) }];
}
