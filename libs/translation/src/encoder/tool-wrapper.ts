import { encodeText, readJson, RawJson, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import type { EncoderState } from './encoder-state.ts';
import { decodeLiteral, jsonLiteral, textLiteral } from './text-literal.ts';

/** One call that came inside another. Texts are contents of JSON string literals. */
export interface WrappedCall {
  readonly name: string;
  readonly inputLiteral: string;
}

const wrapperNames: ReadonlySet<string> = new Set(['multi_tool_use.parallel', 'parallel']);

/** Whether this is the tool that OpenAI's models sometimes imagine, which holds several calls. `name` is a literal. */
export function isWrapper({ settings: { tools } }: EncoderState, name: string): boolean {
  return wrapperNames.has(name) && !tools.isDeclared(name);
}

/** The calls in the wrapper's arguments, or undefined unless all of them are calls of the client's tools. */
export function readWrapper(state: EncoderState, literal: string): readonly WrappedCall[] | undefined {
  const input = asObject(readJson(encodeText(decodeLiteral(literal)), { rawKeys: new Set(['parameters']) }));
  const uses = input?.['tool_uses'];
  if (!Array.isArray(uses) || uses.length === 0) return undefined;
  const calls = uses.map((use) => readUse(state, use));
  return calls.every((call) => call !== undefined) ? calls : undefined;
}

function readUse({ settings: { tools } }: EncoderState, use: JsonValue): WrappedCall | undefined {
  const { recipient_name: recipient, parameters = {} } = asObject(use) ?? {};
  const name = tools.name(asText(recipient) ?? '');
  const json = parameters instanceof RawJson || asObject(parameters) !== undefined ? writeJson(parameters) : '';
  if (!tools.isDeclared(name) || !json.startsWith('{')) return undefined;
  return { name: textLiteral(name), inputLiteral: jsonLiteral(json) };
}
