import { isText } from '@ccg/wire';
import type { JsonArray, JsonObject } from '@ccg/wire';
import { asList } from '../../json-fields.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The fields that steer how the answer is drawn and where it stops, as far as the model takes them. */
export function convertSampling(body: JsonObject, isThinking: boolean, context: ConversionContext): JsonObject {
  const { capabilities, warnings } = context;
  const { temperature, top_p: topP, top_k: topK } = body;
  if (topK !== undefined && topK !== null) warnings.add('top_k', 'unsupported', 'There is no top_k; it was left out.');
  const wanted = { temperature: asNumber(temperature), top_p: asNumber(topP) };
  const { sampling } = capabilities;
  if (sampling === 'always' || (sampling === 'without-thinking' && !isThinking))
    return { ...wanted, ...stop(body, context) };
  for (const [field, value] of Object.entries(wanted)) {
    if (value !== undefined) warnings.add(field, 'unsupported', `The model takes no ${field}; it was left out.`);
  }
  return stop(body, context);
}

function stop(body: JsonObject, { capabilities, warnings }: ConversionContext): JsonObject {
  const sequences: JsonArray = asList(body['stop_sequences']).filter(isText);
  const taken = sequences.slice(0, capabilities.stopSequencesMax);
  if (taken.length < sequences.length) {
    const text = `Stop sequences beyond ${capabilities.stopSequencesMax} were left out: the model takes no more.`;
    warnings.add('stop_sequences', 'unsupported', text);
  }
  return taken.length === 0 ? {} : { stop: taken };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
