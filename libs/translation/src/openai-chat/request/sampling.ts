import type { JsonObject } from '@ccg/wire';
import { readStopSequences } from '../../request/stop-sequences.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The fields for sampling and for stop sequences, as far as the model supports them. */
export function convertSampling(body: JsonObject, isThinking: boolean, context: ConversionContext): JsonObject {
  const { capabilities, warnings } = context;
  const { temperature, top_p: topP, top_k: topK } = body;
  if (topK !== undefined && topK !== null)
    warnings.add('top_k', 'unsupported', 'This provider does not support top_k. It was ignored.');
  const wanted = { temperature: asNumber(temperature), top_p: asNumber(topP) };
  const { sampling } = capabilities;
  if (sampling === 'always' || (sampling === 'without-thinking' && !isThinking))
    return { ...wanted, ...stop(body, context) };
  for (const [field, value] of Object.entries(wanted)) {
    if (value !== undefined)
      warnings.add(field, 'unsupported', `This model does not support ${field}. It was ignored.`);
  }
  return stop(body, context);
}

function stop(body: JsonObject, { capabilities, rejected, warnings }: ConversionContext): JsonObject {
  const max = Math.min(
    capabilities.stopSequencesMax,
    rejected.maxima.get('stop sequences') ?? capabilities.stopSequencesMax,
  );
  const sequences = readStopSequences(body);
  const taken = sequences.slice(0, max);
  if (taken.length < sequences.length) {
    const supported =
      max === 0
        ? 'does not support stop sequences. They'
        : `supports ${max} stop ${max === 1 ? 'sequence' : 'sequences'}. The others`;
    warnings.add('stop_sequences', 'unsupported', `This model ${supported} were removed.`);
  }
  return taken.length === 0 ? {} : { stop: taken };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
