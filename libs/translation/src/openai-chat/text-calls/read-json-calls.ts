import { decodeByteString, decodeText, encodeText, isText, RawJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../../json-fields.ts';
import type { TextCall } from './text-call.ts';

const movedKeys: ReadonlySet<string> = new Set(['arguments', 'parameters']);

/** `{"name": …, "arguments": {…}}`, or a list of these; undefined for anything else. `text` is Unicode. */
export function readJsonCalls(text: string): readonly TextCall[] | undefined {
  const value = tryReadJson(encodeText(text.trim()), { rawKeys: movedKeys });
  const calls = (Array.isArray(value) ? value : [value]).map(readCall);
  return calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
}

function readCall(value: JsonValue | undefined): TextCall | undefined {
  const { name, arguments: input, parameters } = asObject(value) ?? {};
  const known = asText(name);
  const json = inputJson(input ?? parameters);
  return known === undefined || known === '' || json === undefined ? undefined : { name: known, input: json };
}

/** The arguments as they came; some models write them as a string that holds their JSON. */
function inputJson(input: JsonValue | undefined): string | undefined {
  if (input === undefined) return '{}';
  if (isText(input)) {
    const text = decodeText(input);
    return asObject(tryReadJson(encodeText(text))) === undefined ? undefined : text;
  }
  if (!(input instanceof RawJson) || input.source.charAt(input.start) !== '{') return undefined;
  return decodeByteString(input.source.slice(input.start, input.end));
}
