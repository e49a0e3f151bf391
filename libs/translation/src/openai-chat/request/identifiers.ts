import { decodeJson, isJsonObject, RawJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { memberOf, tryParseJson } from '../../json-fields.ts';
import type { ConversionContext } from './conversion-context.ts';

/** Whom a request comes from, as the client names it. */
interface Origin {
  readonly user: string | undefined;
  readonly session: string | undefined;
}

/**
 * What tells the backend which requests share a prompt, and which come from one person, without saying who that is:
 * pseudonyms of what Claude Code says in `metadata`.
 */
export function convertIdentifiers(body: JsonObject, { capabilities, sealer }: ConversionContext): JsonObject {
  if (!capabilities.identifiers) return {};
  const { user, session } = readOrigin(body);
  return {
    prompt_cache_key: session === undefined ? undefined : sealer.pseudonym(session),
    safety_identifier: user === undefined ? undefined : sealer.pseudonym(user),
  };
}

function readOrigin({ metadata }: JsonObject): Origin {
  if (!(metadata instanceof RawJson) && !isJsonObject(metadata)) return { user: undefined, session: undefined };
  const id = textMember(decodeJson(metadata), 'user_id');
  if (id === undefined) return { user: undefined, session: undefined };
  const parts = tryParseJson(id);
  if (typeof parts === 'object' && parts !== null) {
    return {
      user: textMember(parts, 'account_uuid') ?? textMember(parts, 'device_id'),
      session: textMember(parts, 'session_id'),
    };
  }
  // Older versions of Claude Code write `user_…_account_…_session_…`.
  const [user = id, session] = id.split('_session_');
  return { user, session };
}

function textMember(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' && member !== '' ? member : undefined;
}
