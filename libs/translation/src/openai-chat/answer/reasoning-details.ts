import { isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import type { ReasoningRun } from '../../encoder/encoder-state.ts';
import { textLiteral } from '../../json-literal.ts';
import { asText } from '../../json-fields.ts';
import type { Sealer } from '../../translation.ts';
import { toReasoningOrigin, writeReasoningState } from '../reasoning-state.ts';
import type { ReasoningPiece } from '../reasoning-state.ts';

/** The member with the readable text, by the type of a detail. Encrypted ones have none. */
const textFields: ReadonlyMap<string, 'text' | 'summary'> = new Map([
  ['reasoning.text', 'text'],
  ['reasoning.summary', 'summary'],
]);

/** The visible text of OpenRouter's `reasoning_details`. */
export function visibleDetails(details: readonly JsonObject[]): ReasoningPiece[] {
  return details.flatMap((detail) => {
    const field = textFields.get(asText(detail['type']) ?? '');
    const text = field === undefined ? undefined : detail[field];
    return isText(text) ? [{ literal: textLiteral(text), origin: 'reasoning_details' as const }] : [];
  });
}

/** The signature of a run of reasoning: its origin and details, sealed, so that it can go back to the backend. */
export function signReasoning({ origin, details }: ReasoningRun, sealer: Sealer): string {
  const known = details.length > 0 ? 'reasoning_details' : toReasoningOrigin(origin);
  return known === undefined ? '' : sealer.seal(writeReasoningState({ origin: known, details: mergeDetails(details) }));
}

/**
 * Puts the pieces of a streamed run together: neighbouring texts and neighbouring summaries become one, which keeps
 * the first value that any of them has of each other member, since signatures come last. All else stays as it came.
 */
function mergeDetails(details: readonly JsonObject[]): JsonObject[] {
  const runs: DetailRun[] = [];
  for (const detail of details) {
    const field = textFields.get(asText(detail['type']) ?? '');
    const last = runs.at(-1);
    const text = field === undefined ? undefined : (detail[field] ?? '');
    if (field === undefined || !isText(text)) runs.push({ detail, texts: [], isMerged: false });
    else if (last !== undefined && asText(last.detail['type']) === asText(detail['type'])) {
      last.texts.push(text);
      last.detail = combine(last.detail, detail);
      last.isMerged = true;
    } else runs.push({ detail, texts: [text], isMerged: false });
  }
  return runs.map(mergedDetail);
}

/** Neighbouring details that become one. Their texts are joined once, since there may be one for each token. */
interface DetailRun {
  detail: JsonObject;
  readonly texts: JsonText[];
  isMerged: boolean;
}

function mergedDetail({ detail, texts, isMerged }: DetailRun): JsonObject {
  const field = textFields.get(asText(detail['type']) ?? '');
  return field === undefined || !isMerged ? detail : { ...detail, [field]: joinTexts(texts, '') };
}

function combine(first: JsonObject, next: JsonObject): JsonObject {
  const added = Object.entries(next).filter(([name]) => first[name] === undefined || first[name] === null);
  return { ...first, ...Object.fromEntries(added) };
}
