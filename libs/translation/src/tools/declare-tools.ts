import { decodeText, isText, RawJson, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import type { Rejections } from '../failure/rejections.ts';
import { asText } from '../json-fields.ts';
import { fieldError } from '../request/read-request.ts';
import type { TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import type { Warnings } from '../warnings.ts';
import { runsAtAnthropic } from './effective-tools.ts';
import type { DeclaredTool, EffectiveTools } from './effective-tools.ts';
import { plainerSchemaText, simplified } from './schema/plainer-schema.ts';
import type { ConvertedTools } from './tool-list-cache.ts';
import type { ToolNames } from './tool-names.ts';
import { isWebSearch } from './web-search.ts';

/** A tool of the client that the backend can call. */
export interface CallableTool extends DeclaredTool {
  /** The backend's name. */
  readonly name: string;
  readonly description: JsonText | undefined;
  /** As plain as the server was found to need it. */
  readonly schema: JsonValue | undefined;
}

/** A tool as a dialect declares it. */
export interface WrittenTool {
  readonly value: JsonObject;
  readonly isStrict: boolean;
}

interface DeclareContext {
  readonly toolNames: ToolNames;
  readonly rejected: Rejections;
  readonly warnings: Warnings;
}

/** How a dialect declares tools. */
interface ToolForm {
  /** What the form depends on besides the target and the schemas that its server rejected. */
  readonly variants: readonly string[];
  write(tool: CallableTool, warnings: Warnings): WrittenTool;
  /** Declares the backend's own search of the web in the place of Anthropic's. Unset: it has none. */
  readonly search?: ((tool: JsonObject) => JsonObject) | undefined;
}

/**
 * The client's tools as a list of the dialect. Tools that Anthropic runs itself are left out with a warning, so the list
 * may be empty; the names are those of the tools that the client runs. It is converted once for each list, model and form.
 */
export function declareTools(
  { tools, asDeclared }: EffectiveTools,
  { tools: source, toolListCache, target }: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: DeclareContext,
  form: ToolForm,
): ConvertedTools {
  const { level, keywords } = context.rejected.schemas;
  const key = [target.dialect, target.key, ...form.variants, level, ...[...keywords].toSorted()].join('\n');
  const convert = () => convertAll(tools, context, form);
  const converted = source !== undefined && asDeclared ? toolListCache.made(source, key, convert) : convert();
  for (const { field, code, text } of converted.warnings) context.warnings.add(field, code, text);
  return converted;
}

function convertAll(tools: readonly DeclaredTool[], context: DeclareContext, form: ToolForm): ConvertedTools {
  const warnings = createWarnings();
  const names: string[] = [];
  const written = tools.flatMap((tool): WrittenTool[] => {
    if (form.search !== undefined && isWebSearch(tool)) return [{ value: form.search(tool.tool), isStrict: false }];
    const callable = readTool(tool, { ...context, warnings });
    names.push(...callable.map(({ name }) => name));
    return callable.map((one) => form.write(one, warnings));
  });
  const json = writeJson(written.map(({ value }) => value));
  return {
    value: new RawJson(json, 0, json.length),
    names,
    hasStrict: written.some(({ isStrict }) => isStrict),
    warnings: warnings.list(),
  };
}

function readTool(declared: DeclaredTool, { toolNames, rejected, warnings }: DeclareContext): CallableTool[] {
  const { tool, path } = declared;
  const { name, description, input_schema: schema } = tool;
  if (runsAtAnthropic(declared)) {
    const type = asText(tool['type']) ?? '';
    warnings.add(path, 'unsupported', `The server tool ${type} runs only at Anthropic. It was removed.`);
    return [];
  }
  if (!isText(name)) throw fieldError(`${path}.name`, 'Field required');
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add(`${path}.input_schema`, 'approximated', plainerSchemaText);
  return [
    {
      tool,
      path,
      name: toolNames.inward(decodeText(name)),
      description: isText(description) ? description : undefined,
      schema: plainer ?? schema,
    },
  ];
}

/** Warns of a tool whose schema the client wants enforced and the backend does not enforce. */
export function warnOfStrict({ tool, path }: DeclaredTool, warnings: Warnings): void {
  if (tool['strict'] !== true) return;
  warnings.add(`${path}.strict`, 'unsupported', 'This provider does not enforce strict tool schemas.');
}
