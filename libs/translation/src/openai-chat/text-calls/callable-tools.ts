import { asText } from '../../json-fields.ts';
import type { DeclaredTool } from '../../tools/effective-tools.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import { argumentKinds } from './argument-json.ts';
import type { ArgumentKinds } from './argument-json.ts';
import type { CallableTools } from './text-call.ts';

/** The tools that calls written as text may call, and what their schemas say of arguments. */
export function callableTools(tools: readonly DeclaredTool[], { outward, declares }: ToolNames): CallableTools {
  const schemas = new Map(tools.map(({ tool }) => [asText(tool['name']), tool['input_schema']]));
  const known = new Map<string, (argument: string) => ArgumentKinds>();
  return {
    isDeclared: (name) => declares(outward(name)),
    kindsOf(name, argument) {
      const clientName = outward(name);
      const kinds = known.get(clientName) ?? argumentKinds(schemas.get(clientName));
      known.set(clientName, kinds);
      return kinds(argument);
    },
  };
}
