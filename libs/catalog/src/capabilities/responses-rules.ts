import { z } from 'zod';
import { formRules, levelRule, traitRules } from './capability-rules.ts';
import type { RulesOf } from './capability-rules.ts';
import type { ResponsesCapabilities } from './responses-capabilities.ts';

/** As those of chat completions, where the Responses API has the same. */
const responsesRules: RulesOf<ResponsesCapabilities> = {
  images: traitRules.images,
  imageUrls: formRules.imageUrls,
  pdfs: traitRules.pdfs,
  sampling: traitRules.sampling,
  outputTokensMin: traitRules.outputTokensMin,
  thinkTags: traitRules.thinkTags,
  textCalls: traitRules.textCalls,
  systemTurns: formRules.systemTurns,
  obfuscates: formRules.obfuscates,
  identifiers: formRules.identifiers,
  structuredOutput: formRules.structuredOutput,
  structuredWithTools: formRules.structuredWithTools,
  strictTools: formRules.strictTools,
  plainSchemas: formRules.plainSchemas,
  parallelToolCalls: formRules.parallelToolCalls,
  toolNameMax: formRules.toolNameMax,
  toolIds: formRules.toolIds,
  levels: z.array(levelRule),
  encryptedReasoning: z.boolean(),
  mediaInResults: z.boolean(),
  fileUrls: z.boolean(),
  webSearch: z.boolean(),
};

/** Corrections of what is known of all models of a provider that speaks the Responses API alone. */
export const responsesCorrections = z.strictObject(responsesRules).partial();

export type ResponsesCorrections = z.output<typeof responsesCorrections>;
