import { isText } from '@ccg/wire';
import type { JsonArray, JsonObject } from '@ccg/wire';
import { asList, asObject } from '../../json-fields.ts';

/** Anthropic's tool that searches the web as OpenAI's own, which has no list of domains to leave out. */
export function ownSearch({ allowed_domains: allowed, user_location: location }: JsonObject): JsonObject {
  const domains: JsonArray = asList(allowed).filter(isText);
  return {
    type: 'web_search',
    filters: domains.length === 0 ? undefined : { allowed_domains: domains },
    user_location: asObject(location),
  };
}

/** What a response tells of its searches only if it is asked. */
export const searchSources = 'web_search_call.action.sources';
