import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { DeltaForm, PlainDelta } from '../../encoder/deltas/learn-delta.ts';
import { saysError } from '../../failure/says-error.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';
import { reasoningFields } from './read-delta.ts';

const textFields = ['content', ...reasoningFields] as const;

type TextField = (typeof textFields)[number];

/** OpenAI and Mistral hide the length of a token behind a text of their own, and some servers tell the time of each. */
export const chatDelta: DeltaForm<TextField> = { idle: ['created', 'obfuscation', 'p'], read: readPlain };

function readPlain(chunk: JsonObject): PlainDelta<TextField> | undefined {
  const choices = asList(chunk['choices']);
  const choice = asObject(choices[0]);
  const delta = asObject(choice?.['delta']);
  if (choices.length !== 1 || choice === undefined || delta === undefined) return undefined;
  if (!isInert(chunk, ['choices']) || !isInert(choice, ['delta'])) return undefined;
  const names = Object.keys(delta).filter((name) => !isEmpty(delta[name]) && name !== 'role');
  const field = textFields.find((name) => name === names[0]);
  const text = field === undefined ? undefined : delta[field];
  if (names.length !== 1 || field === undefined || !isText(text)) return undefined;
  return { kind: field, member: field, literal: textLiteral(text) };
}

/** Whether all members that are read, except `known`, are empty. */
function isInert(object: JsonObject, known: readonly string[]): boolean {
  if (saysError(object['error'])) return false;
  return ['usage', 'finish_reason', 'message', 'x_groq']
    .filter((name) => !known.includes(name))
    .every((name) => isEmpty(object[name]));
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || asText(value) === '' || (Array.isArray(value) && value.length === 0);
}
