import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { formatInstruction, readAnswerFormat, warnOfInstruction } from '../../request/answer-format.ts';
import type { ConversionContext } from './conversion-context.ts';
import { isTaken } from '../../request/apply-rejections.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';

/** What makes the backend answer in the client's output format. */
export interface AnswerFormat {
  readonly fields: JsonObject;
  /** The last line of the instructions, if the format cannot be enforced. */
  readonly line: JsonText | undefined;
}

const nothing: AnswerFormat = { fields: {}, line: undefined };

/** Converts `output_config.format` and its older name: enforced if the backend can, else requested in the prompt. */
export function convertAnswerFormat(body: JsonObject, hasTools: boolean, context: ConversionContext): AnswerFormat {
  const schema = readAnswerFormat(body, context.warnings);
  if (schema === undefined) return nothing;
  switch (available(hasTools, context)) {
    case 'json_schema':
      return { fields: { response_format: schemaFormat(schema, context) }, line: undefined };
    case 'json_object':
      warnOfInstruction(context.warnings);
      return { fields: { response_format: { type: 'json_object' } }, line: formatInstruction(schema) };
    case 'none':
      warnOfInstruction(context.warnings);
      return { fields: {}, line: formatInstruction(schema) };
  }
}

/** Several servers never call a tool when a format is enforced. */
function available(hasTools: boolean, { capabilities, rejected: { fields, values } }: ConversionContext) {
  const { structuredOutput: best, structuredWithTools } = capabilities;
  if (best === 'none' || fields.has('response_format') || fields.has('response_format.type')) return 'none';
  if (hasTools && !structuredWithTools) return 'none';
  const types = values.get('response_format.type');
  if (types === undefined || isTaken(best, types)) return best;
  return types.allowed.includes('json_object') && isTaken('json_object', types) ? 'json_object' : 'none';
}

function schemaFormat(schema: JsonValue | undefined, { rejected, warnings }: ConversionContext): JsonObject {
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add('output_config.format', 'approximated', plainerSchemaText);
  const sent = plainer ?? schema;
  return { type: 'json_schema', json_schema: { name: 'response', schema: sent, strict: isStrictSchema(sent) } };
}
