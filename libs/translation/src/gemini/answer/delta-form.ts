import { isText } from '@ccg/wire';
import type { DeltaForm } from '../../encoder/deltas/learn-delta.ts';
import { asCount, asList, asObject } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';
import { isVoid } from '../../unread-content.ts';

/** Every chunk counts the tokens so far. */
export const geminiDelta: DeltaForm<'text' | 'thought'> = {
  idle: ['totalTokenCount', 'tokenCount'],
  counts: { of: 'usageMetadata', names: ['candidatesTokenCount', 'thoughtsTokenCount'] },
  read(chunk) {
    const [candidate, ...others] = asList(chunk['candidates']).map(asObject);
    if (candidate === undefined || others.length > 0 || (asCount(candidate['index']) ?? 0) !== 0) return undefined;
    const { content, finishReason, groundingMetadata } = candidate;
    const [part, ...rest] = asList(asObject(content)?.['parts']).map(asObject);
    if (part === undefined || rest.length > 0 || ![finishReason, groundingMetadata, chunk['error']].every(isVoid)) {
      return undefined;
    }
    const { text, thought, ...members } = part;
    if (!isText(text) || !Object.values(members).every(isVoid)) return undefined;
    return { kind: thought === true ? 'thought' : 'text', member: 'text', literal: textLiteral(text) };
  },
};
