import { randomId } from '@ccg/edge';
import type { ServeDependencies } from '@ccg/serving';

/** Ids of messages and tool calls; `toolu_g` marks those that the gateway made up itself. */
export const randomIds: ServeDependencies['ids'] = {
  messageId: () => randomId('msg_'),
  toolUseId: () => randomId('toolu_g'),
};
