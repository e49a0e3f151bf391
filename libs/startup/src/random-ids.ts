import { randomId } from '@ccg/edge';
import type { ServingDependencies } from '@ccg/serving';

/** Ids of messages and tool calls; `toolu_g` marks those that the gateway made up itself. */
export const randomIds: ServingDependencies['ids'] = {
  messageId: () => randomId('msg_'),
  toolUseId: () => randomId('toolu_g'),
};
