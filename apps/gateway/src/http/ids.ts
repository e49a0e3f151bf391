import { randomBytes } from 'node:crypto';
import type { IdSource } from '@ccg/translation';

const randomByteCount = 18;

/** An id for a request of ours, in the form that the Anthropic API gives its own. */
export function newRequestId(): string {
  return `req_${random()}`;
}

/** Ids of messages and tool calls; `toolu_g` marks those that the gateway made up itself. */
export const randomIds: IdSource = {
  messageId: () => `msg_${random()}`,
  toolUseId: () => `toolu_g${random()}`,
};

function random(): string {
  return randomBytes(randomByteCount).toString('base64url');
}
