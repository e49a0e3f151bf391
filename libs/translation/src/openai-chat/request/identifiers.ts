import { readClientIdentity } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { ConversionContext } from './conversion-context.ts';

/**
 * Tells the backend which requests share a prompt and which come from one person, without saying who that is: it
 * gets pseudonyms of what Claude Code says in `metadata`.
 */
export function convertIdentifiers({ metadata }: JsonObject, { capabilities, sealer }: ConversionContext): JsonObject {
  if (!capabilities.identifiers) return {};
  const { user, session } = readClientIdentity(metadata);
  return {
    prompt_cache_key: session === undefined ? undefined : sealer.pseudonym(session),
    safety_identifier: user === undefined ? undefined : sealer.pseudonym(user),
  };
}
