import type { GatewayError } from '@ccg/kernel';
import { fieldError } from '../request/read-request.ts';
import { textBlock } from './read-turns.ts';
import type { HistoryBlock } from './turn.ts';

const typesMax = 3;

/**
 * A text in place of a user turn of which nothing can be sent, because its blocks are of unknown types: the model can
 * say what it lacks, and the turns around it stay apart. Undefined where there are no blocks.
 */
export function leftOutText(blocks: readonly HistoryBlock[]): HistoryBlock | undefined {
  const [first] = blocks;
  const types = [...new Set(blocks.map(({ type }) => type))].slice(0, typesMax);
  return first && textBlock(`[${types.join(', ')} left out: this model cannot read it]`, first.path);
}

/** The error for a history of which nothing is left: servers refuse an empty list of messages, each in other words. */
export function emptyHistoryError(): GatewayError {
  return fieldError('messages', 'no message has content that can be sent. Send a user message with text');
}
