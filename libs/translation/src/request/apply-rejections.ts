import { efforts } from '@ccg/catalog';
import type { Effort } from '@ccg/catalog';
import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { isWithin, nearestWithin } from '../failure/number-range.ts';
import type { RejectedValues, Rejections } from '../failure/rejections.ts';
import { changeMember, isEffort, shortValue } from '../failure/sent-members.ts';
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
      const nearest = nearestValue(path, value, known);
      const field = clientField(path, value);
      if (field !== undefined) warnOfValue(field, value, nearest, warnings);
      return nearest;
    });
  }
  return sent;
}

/** Whether a server takes the value, as far as is known. */
export function isTaken(value: string, { refused, allowed, range }: RejectedValues): boolean {
  if (refused.has(value) || (range !== undefined && !isWithin(range, Number(value)))) return false;
  return allowed.length === 0 || allowed.some((other) => isSameWord(other, value) || isSameNumber(other, value));
}

/** Servers write the names of levels in capitals where they take small letters, too. */
function isSameWord(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

function isSameNumber(one: string, other: string): boolean {
  return one.trim() !== '' && other.trim() !== '' && Number(one) === Number(other);
}

/** Efforts and numbers have an order, and a switch has two positions. Any other value has none that means nearly the same. */
function nearestValue(path: string, value: JsonValue, known: RejectedValues): JsonValue | undefined {
  if (typeof value === 'number') return nearestNumber(path, value, known);
  if (typeof value === 'boolean') return known.allowed.includes(String(!value)) ? !value : undefined;
  const text = shortValue(value);
  const wanted = efforts.find((effort) => effort === text);
  if (wanted === undefined || !isEffort(path)) return undefined;
  const levels = known.allowed.map((level) => level.toLowerCase()).filter((level) => !known.refused.has(level));
  return closestEffort(
    wanted,
    efforts.filter((effort: Effort) => levels.includes(effort)),
  );
}

function nearestNumber(path: string, value: number, { refused, allowed, range }: RejectedValues): number | undefined {
  const step = /top_?k|budget/iu.test(path) ? 1 : 0.01;
  const stated = allowed.filter((text) => text.trim() !== '' && !refused.has(text)).map(Number);
  const numbers = stated.filter(
    (number) => Number.isFinite(number) && (range === undefined || isWithin(range, number)),
  );
  if (numbers.length > 0) return numbers.toSorted((a, b) => Math.abs(a - value) - Math.abs(b - value))[0];
  const nearest = range === undefined ? undefined : nearestWithin(range, value, step);
  return nearest === undefined || refused.has(String(nearest)) ? undefined : nearest;
}

function warnOfValue(field: string, value: JsonValue, nearest: JsonValue | undefined, warnings: Warnings): void {
  if (nearest === undefined) {
    warnings.add(field, 'unsupported', `The provider rejects this value of ${field}. It was removed.`);
    return;
  }
  const name = isText(value) ? 'effort' : 'value';
  const [sent = '', used = ''] = [value, nearest].map(shortValue);
  warnings.add(field, 'approximated', `The provider rejects the ${name} ${sent}. The ${name} ${used} was used.`);
}
