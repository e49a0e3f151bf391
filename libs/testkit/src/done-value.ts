import type { Result } from '@ccg/tenancy';

/** What a verb has done; throws where it refused. */
export function doneValue<Value>(result: Result<Value>): Value {
  if (result.kind === 'done') return result.value;
  throw new Error(`The verb was refused: ${JSON.stringify(result.refusal)}`);
}
