import { isText, isUtf8Text } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { textLiteral } from '../../json-literal.ts';
import { asList, asObject, asText, tryReadJson } from '../../json-fields.ts';
import { saysError } from '../../failure/says-error.ts';
import { reasoningFields } from './read-delta.ts';

/**
 * The bytes around the text of a chunk that holds nothing else. The chunks of one answer differ only in that text, so
 * later chunks are recognised by the template and their text is copied without parsing.
 */
export interface ChunkTemplate {
  /** The member that holds the text: `content`, or one for reasoning. */
  readonly field: TextField;
  readonly head: string;
  readonly tail: string;
}

/** Longer texts are parsed: the check below is meant for the few characters of a token. */
const literalMaxLength = 1024;

/** The text of the chunk as the content of a string literal, or undefined when the chunk is not of this form. */
export function matchTemplate({ head, tail }: ChunkTemplate, data: string): string | undefined {
  const start = head.length;
  const end = data.length - tail.length;
  if (end < start || end - start > literalMaxLength) return undefined;
  // Slices are compared as memory, which `startsWith` on strings of this length is not.
  if (data.slice(0, start) !== head || data.slice(end) !== tail) return undefined;
  const literal = data.slice(start, end);
  return isLiteralContent(literal) ? literal : undefined;
}

/**
 * Makes a template of a chunk that holds a text and nothing else. The place of the text is proven by parsing the chunk
 * with another text in that place.
 */
export function learnTemplate(data: string, chunk: JsonObject): ChunkTemplate | undefined {
  const found = onlyText(chunk);
  if (found === undefined || found.literal === '') return undefined;
  const start = data.indexOf(`"${found.literal}"`, data.indexOf(`"${found.field}"`) + found.field.length + 2) + 1;
  if (start === 0) return undefined;
  const head = data.slice(0, start);
  const tail = data.slice(start + found.literal.length);
  // A place that only looks like the text gives other content, or no JSON at all.
  const probed = asObject(tryReadJson(`${head}${probe}${tail}`));
  const proven = probed === undefined ? undefined : onlyText(probed);
  if (proven?.field !== found.field || proven.literal !== probe) return undefined;
  return { field: found.field, head, tail };
}

const probe = 'probe-7c1e';
const textFields = ['content', ...reasoningFields] as const;

type TextField = (typeof textFields)[number];

function onlyText(chunk: JsonObject): { field: TextField; literal: string } | undefined {
  const choices = asList(chunk['choices']);
  const choice = asObject(choices[0]);
  const delta = asObject(choice?.['delta']);
  if (choices.length !== 1 || choice === undefined || delta === undefined) return undefined;
  if (!isInert(chunk, ['choices']) || !isInert(choice, ['delta'])) return undefined;
  const names = Object.keys(delta).filter((name) => !isEmpty(delta[name]) && name !== 'role');
  const field = textFields.find((name) => name === names[0]);
  const text = field === undefined ? undefined : delta[field];
  if (names.length !== 1 || field === undefined || !isText(text)) return undefined;
  return { field, literal: textLiteral(text) };
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

function isLiteralContent(text: string): boolean {
  let isAscii = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x22 || code === 0x5c) return isEscapedContent(text) && isUtf8Text(text);
    isAscii &&= code < 0x80;
  }
  return isAscii || isUtf8Text(text);
}

function isEscapedContent(text: string): boolean {
  return /^[ !#-[\]-\u00ff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\u00ff]*)*$/.test(text);
}
