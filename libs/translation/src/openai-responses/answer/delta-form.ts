import { isText } from '@ccg/wire';
import type { DeltaForm } from '../../encoder/deltas/learn-delta.ts';
import { asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';

export const textDelta = 'response.output_text.delta';

/** Every event has a number, and a text that hides the length of the token. */
export const responsesDelta: DeltaForm<'text'> = {
  idle: ['obfuscation'],
  counts: { names: ['sequence_number'] },
  read: ({ type, delta }) =>
    asText(type) === textDelta && isText(delta)
      ? { kind: 'text', member: 'delta', literal: textLiteral(delta) }
      : undefined,
};
