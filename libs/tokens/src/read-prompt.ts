import { isJsonObject } from '@ccg/wire';
import type { Member } from '@ccg/wire';
import { contentParts } from './content-parts.ts';
import { fixedPart, messageTokens, priming } from './overheads.ts';
import type { Part } from './prompt-text.ts';
import type { PromptTools } from '@ccg/wire';

/** What a Messages or count_tokens body shows to a model. */
export interface Prompt {
  readonly system: Member | undefined;
  readonly messages: Member | undefined;
  readonly tools: PromptTools | undefined;
}

/** The parts of a prompt. What is not as it should be counts as nothing: to refuse it is not the estimator's business. */
export function readPrompt({ system, messages, tools }: Prompt): Part[] {
  const parts: Part[] = [fixedPart(priming)];
  if (system !== undefined) parts.push(fixedPart(messageTokens), ...contentParts(system.value, system, 0));
  if (messages !== undefined && Array.isArray(messages.value)) {
    for (const message of messages.value.filter(isJsonObject)) {
      parts.push(fixedPart(messageTokens));
      for (const part of contentParts(message['content'], messages, 0)) parts.push(part);
    }
  }
  if (tools !== undefined) parts.push({ kind: 'tools', tools });
  return parts;
}
