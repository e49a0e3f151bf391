import { RawJson, writeJson } from '@ccg/wire';
import type { Warnings } from '../../warnings.ts';
import type { CallableTool } from '../declare-tools.ts';
import { parametersOf } from './parameters.ts';
import { plainSchema } from './plain-schema.ts';

/** The schema of a tool as OpenAI takes it, even where it is not strict. */
export function plainParameters({ schema, path }: Pick<CallableTool, 'schema' | 'path'>, warnings: Warnings): RawJson {
  const parameters = parametersOf(schema);
  const plain = plainSchema(writeJson(parameters));
  if (plain === undefined) return parameters;
  if (plain.isLooser) {
    const text =
      'The schema was relaxed: this provider rejects alternatives at the root of a schema, and patterns with lookaround.';
    warnings.add(`${path}.input_schema`, 'approximated', text);
  }
  return parametersOf(new RawJson(plain.json, 0, plain.json.length));
}
