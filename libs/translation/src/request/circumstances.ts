import type { JsonObject } from '@ccg/wire';
import type { Circumstance } from '../failure/upstream-cause.ts';
import { asObject } from '../json-fields.ts';
import { readRequestedThinking } from './requested-thinking.ts';

/** Members that servers name by other names than the client. */
const sentAs: Readonly<Record<string, readonly string[]>> = {
  temperature: ['temperature'],
  top_p: ['top_p'],
  top_k: ['top_k'],
  stop_sequences: ['stop_sequences', 'stop'],
  tool_choice: ['tool_choice'],
};

/** What of the client's request a server's rejection may depend on. */
export function circumstancesOf(
  body: JsonObject,
  { hasTools, isStream }: { readonly hasTools: boolean; readonly isStream: boolean },
): ReadonlySet<Circumstance> {
  const requested = readRequestedThinking(body);
  const members = Object.entries(sentAs).filter(([name]) => (body[name] ?? null) !== null);
  const hasFormat = asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']) !== undefined;
  return new Set<Circumstance>([
    isStream ? 'streaming' : 'no streaming',
    ...(hasTools ? ['tools' as const] : []),
    ...(requested.kind === 'asked' && requested.effort !== 'none' ? ['thinking' as const] : []),
    ...members.flatMap(([, names]) => names.map((name) => `with ${name}` as const)),
    ...(hasFormat ? ['with response_format' as const] : []),
  ]);
}
