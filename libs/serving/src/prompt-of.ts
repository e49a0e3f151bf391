import type { Prompt } from '@ccg/tokens';
import { checkHistorySize } from '@ccg/translation';
import type { PromptTools } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';

/** A digest without collisions, such as SHA-256: whoever sends the same bytes shares what was made of them. */
export type Digest = (bytes: Uint8Array) => string;

/** What a body shows to a model. Throws `request-invalid` for what is not JSON, and for a history that is too long. */
export function promptOf(messagesRequest: MessagesRequest, tools: PromptTools | undefined): Prompt {
  checkHistorySize(messagesRequest);
  return { system: messagesRequest.read('system'), messages: messagesRequest.read('messages'), tools };
}

/** The tools of a body, which are digested once. */
export function toolsOf(messagesRequest: MessagesRequest, digest: Digest): PromptTools | undefined {
  const size = messagesRequest.bytesOf('tools')?.length;
  if (size === undefined) return undefined;
  let digested: string | undefined;
  return {
    size,
    digest: () => (digested ??= digest(messagesRequest.bytesOf('tools') ?? new Uint8Array())),
    read: () => messagesRequest.read('tools')?.value ?? null,
  };
}
