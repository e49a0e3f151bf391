import { randomUUID } from 'node:crypto';
import type { IdSource } from '@ccg/translation';

/** An id for a request of ours, in the form that the Anthropic API gives its own. */
export function newRequestId(): string {
  return `req_${random()}`;
}

/** Ids of messages and tool calls; `toolu_g` marks those that the gateway made up itself. */
export const randomIds: IdSource = {
  messageId: () => `msg_${random()}`,
  toolUseId: () => `toolu_g${random()}`,
};

/** 122 random bits. Node draws those of many UUIDs at once, which is ten times as fast as a draw for each id. */
function random(): string {
  return randomUUID().replaceAll('-', '');
}
