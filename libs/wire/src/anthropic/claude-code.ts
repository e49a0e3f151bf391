import { RawJson, isJsonObject } from '../json/json-value.ts';
import type { JsonText, JsonValue } from '../json/json-value.ts';
import { decodeJson, textStartsWith } from '../json/text.ts';
import type { HeaderList } from '../normal-forms.ts';

/** The name of a tool that Claude Code declares in place of tools that it has not loaded. No model may call it. */
export const toolPlaceholderName = 'DeferredToolPlaceholder';

/**
 * Whether a text of the system prompt is Claude Code's attribution line. It differs in every request, so it would
 * spoil the prefix cache of a backend, and only Anthropic reads it.
 */
export function isAttribution(text: JsonText): boolean {
  return textStartsWith(text, 'x-anthropic-billing-header:');
}

/** Who sends a request, by the client's own words: nothing has verified them. */
export interface ClientIdentity {
  /** The account, or else the device. */
  readonly user: string | undefined;
  readonly session: string | undefined;
}

/** Reads who sends a request from its `metadata` and its headers. The header with the session overrides `metadata`. */
export function readClientIdentity(metadata: JsonValue | undefined, headers: HeaderList = []): ClientIdentity {
  const told = readUserId(metadata);
  const session = headers.find(([name]) => name === 'x-claude-code-session-id')?.[1].trim();
  return session === undefined || session === '' ? told : { ...told, session };
}

/** Claude Code writes a JSON object into the string `user_id`; older versions `user_…_account_…_session_…`. */
function readUserId(metadata: JsonValue | undefined): ClientIdentity {
  const isObject = metadata instanceof RawJson || isJsonObject(metadata);
  const id = isObject ? textMember(decodeJson(metadata), 'user_id') : undefined;
  if (id === undefined) return { user: undefined, session: undefined };
  const parts = tryParse(id);
  if (typeof parts === 'object' && parts !== null) {
    return {
      user: textMember(parts, 'account_uuid') ?? textMember(parts, 'device_id'),
      session: textMember(parts, 'session_id'),
    };
  }
  const [user = id, session] = id.split('_session_');
  return { user, session };
}

function textMember(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const member: unknown = Reflect.get(value, name);
  return typeof member === 'string' && member !== '' ? member : undefined;
}

function tryParse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
