import { RawText, joinTexts, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import type { Warnings } from '../warnings.ts';

/** The schema of `output_config.format` or of its older name. Undefined where none is wanted, or no JSON is. */
export function readAnswerFormat(body: JsonObject, warnings: Warnings): JsonValue | undefined {
  const format = asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']);
  if (format === undefined) return undefined;
  const { schema } = format;
  if (asText(format['type']) === 'json_schema' && asObject(schema) !== undefined) return schema;
  warnings.add(
    'output_config.format',
    'unsupported',
    'The only supported output format is json_schema. The format was ignored.',
  );
  return undefined;
}

/** Warns that the prompt asks for a format that is not enforced. */
export function warnOfInstruction(warnings: Warnings): void {
  const text = 'This provider cannot enforce the output format. The prompt asks the model for it instead.';
  warnings.add('output_config.format', 'approximated', text);
}

/** A line of the instructions that asks for the format. */
export function formatInstruction(schema: JsonValue): JsonText {
  const literal = JSON.stringify(writeJson(schema));
  const text = new RawText(literal, 1, literal.length - 1);
  return joinTexts(['Answer with one JSON value alone, without any other text, that follows this schema:\n', text], '');
}
