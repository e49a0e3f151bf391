import { isText } from '@ccg/wire';
import type { DeltaForm } from '../../encoder/deltas/learn-delta.ts';
import { asObject } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';
import { isVoid } from '../../unread-content.ts';

const textFields = ['content', 'thinking'] as const;

/** Every line tells its time. */
export const ollamaDelta: DeltaForm<(typeof textFields)[number]> = {
  idle: ['created_at'],
  read({ message, done, error }) {
    const { role: _, ...parts } = asObject(message) ?? {};
    const names = Object.keys(parts).filter((name) => !isVoid(parts[name]));
    const field = textFields.find((name) => name === names[0]);
    const text = field === undefined ? undefined : parts[field];
    if (names.length !== 1 || field === undefined || !isText(text) || !isVoid(done) || !isVoid(error)) return undefined;
    return { kind: field, member: field, literal: textLiteral(text) };
  },
};
