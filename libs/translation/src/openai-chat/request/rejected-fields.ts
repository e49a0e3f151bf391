import type { JsonObject } from '@ccg/wire';
import { unsupportedFields } from '../../failure/unsupported-fields.ts';
import { asList, asObject } from '../../json-fields.ts';
import type { ConversionContext } from './conversion-context.ts';
import { rejectedForms } from './history-forms.ts';

/** Required fields. They are sent even if the server rejects them. */
const indispensable: ReadonlySet<string> = new Set(['model', 'messages', 'tools', 'stream']);

export interface SentRequest {
  readonly sent: JsonObject;
  /** The names of fields that can be removed, also of fields inside of messages and tools. */
  readonly optionalFields: ReadonlySet<string>;
}

/** Removes the fields that the backend rejected before, with a warning for each. */
export function withoutRejected(
  request: JsonObject,
  hasStrictTools: boolean,
  { rejected, warnings }: ConversionContext,
): SentRequest {
  const sent: JsonObject = {};
  const optionalFields = new Set(innerFields(request, hasStrictTools));
  for (const [field, value] of Object.entries(request)) {
    if (value === undefined) continue;
    const isLeftOut = rejected.has(field) && !indispensable.has(field) && !isMaxTokens(field);
    if (isLeftOut) warnings.add(field, 'unsupported', `The provider rejects ${field}. It was removed.`);
    else sent[field] = value;
    if (!isLeftOut && !indispensable.has(field)) optionalFields.add(field);
  }
  return { sent, optionalFields };
}

/** Which of the fields and forms of the history that were sent a server rejects, by the text of its error. */
export function rejectedParts(message: string, sent: ReadonlySet<string>): readonly string[] {
  const forms = rejectedForms(message, sent);
  return forms.length > 0 ? forms : unsupportedFields(message, sent);
}

/** The same limit under its other name. */
export function otherMaxTokensField(field: 'max_tokens' | 'max_completion_tokens'): string {
  return field === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
}

/** The limit is never removed: without it several servers never stop. */
function isMaxTokens(field: string): boolean {
  return field === 'max_tokens' || field === 'max_completion_tokens';
}

function innerFields(request: JsonObject, hasStrictTools: boolean): string[] {
  const messages = asList(request['messages']).map(asObject);
  const streamOptions = asObject(request['stream_options']);
  return [
    ...['reasoning_content', 'reasoning_details'].filter((name) =>
      messages.some((message) => message?.[name] !== undefined),
    ),
    ...(hasStrictTools ? ['strict'] : []),
    ...(streamOptions?.['include_obfuscation'] === undefined ? [] : ['include_obfuscation']),
  ];
}
