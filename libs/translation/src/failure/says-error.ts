import { isJsonObject, isText } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asText } from '../json-fields.ts';

/**
 * Whether an `error` member says that something failed. Servers whose language has no optional members send an empty one
 * in every healthy answer: a value that holds nothing but empty values is no error.
 */
export function saysError(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  if (isText(value)) return !/^\s*(?:<?nil>?|null|none|undefined)?\s*$/iu.test(asText(value) ?? '');
  if (Array.isArray(value)) return value.some(saysError);
  return isJsonObject(value) ? Object.values(value).some(saysError) : true;
}
