import { isText } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonValue } from '@ccg/wire';
import { asCount, asList, asObject } from '../../json-fields.ts';

/** What OpenRouter gives for each search unless it is told otherwise. */
const pagesPerSearch = 5;

/** Anthropic's tool that searches the web as OpenRouter's own, which the model calls when it wants to. */
export function openRouterSearch({
  allowed_domains: allowed,
  blocked_domains: blocked,
  max_uses: maxUses,
  user_location: location,
}: JsonObject): JsonObject {
  const searches = asCount(maxUses) ?? 0;
  return {
    type: 'openrouter:web_search',
    parameters: {
      allowed_domains: domains(allowed),
      excluded_domains: domains(blocked),
      user_location: asObject(location),
      max_total_results: searches === 0 ? undefined : searches * pagesPerSearch,
    },
  };
}

function domains(value: JsonValue | undefined): JsonArray | undefined {
  const named = asList(value).filter(isText);
  return named.length === 0 ? undefined : named;
}
