import { efforts } from '@ccg/catalog';
import type { Effort } from '@ccg/catalog';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { RejectedValues, Rejections } from '../failure/rejections.ts';
import { changeMember, shortValue } from '../failure/sent-members.ts';
import type { Warnings } from '../warnings.ts';
import { closestEffort } from './requested-thinking.ts';

export interface ApplyOptions {
  /** Members that are sent whatever the server says of them, or that a converter has changed already. */
  readonly kept: ReadonlySet<string>;
  /** The client's field that a member was made of; undefined for what the client never sent. */
  clientField(path: string, value: JsonValue): string | undefined;
  readonly warnings: Warnings;
}

/**
 * The request without the members and values that its server was found to reject. Only a client that sent such a thing
 * itself is warned.
 */
export function applyRejections(
  request: JsonObject,
  { fields, values }: Rejections,
  options: ApplyOptions,
): JsonObject {
  const { kept, clientField, warnings } = options;
  let sent = request;
  for (const path of fields) {
    if (kept.has(path)) continue;
    sent = changeMember(sent, path, (value) => {
      const field = clientField(path, value);
      if (field !== undefined) warnings.add(field, 'unsupported', `The provider rejects ${field}. It was removed.`);
      return undefined;
    });
  }
  for (const [path, known] of values) {
    if (kept.has(path)) continue;
    sent = changeMember(sent, path, (value) => {
      const text = shortValue(value);
      if (text === undefined || isTaken(text, known)) return value;
      const nearest = nearestValue(path, text, known);
      const field = clientField(path, value);
      if (field !== undefined) warnOfValue(field, text, nearest, warnings);
      return nearest;
    });
  }
  return sent;
}

/** Whether a server takes the value, as far as is known. */
export function isTaken(value: string, { refused, allowed }: RejectedValues): boolean {
  return !refused.has(value) && (allowed.length === 0 || allowed.includes(value));
}

/** Only efforts have an order. Any other value that is rejected has none that means nearly the same. */
function nearestValue(path: string, value: string, { refused, allowed }: RejectedValues): string | undefined {
  const wanted = efforts.find((effort) => effort === value);
  if (wanted === undefined || !path.endsWith('effort')) return undefined;
  const levels = allowed.filter((level) => !refused.has(level));
  return closestEffort(
    wanted,
    efforts.filter((effort: Effort) => levels.includes(effort)),
  );
}

function warnOfValue(field: string, value: string, nearest: string | undefined, warnings: Warnings): void {
  if (nearest === undefined) {
    const text = `The provider rejects this value of ${field}. It was removed.`;
    warnings.add(field, 'unsupported', text);
  } else {
    warnings.add(field, 'approximated', `The provider rejects the effort ${value}. The effort ${nearest} was used.`);
  }
}
