import { anthropicScript, anthropicTurnsSoFar } from './anthropic-script.ts';
import type { ModelTurn } from './model-turn.ts';
import { openAiChatScript, openAiChatTurnsSoFar } from './openai-chat-script.ts';
import type { Play, RecordedRequest } from './scripted-upstream.ts';

/** The wire format that a request to an upstream is in, told by its path. */
export function upstreamDialect(request: RecordedRequest): 'anthropic' | 'openai-chat' | undefined {
  const path = request.path.split('?', 1)[0];
  if (request.method !== 'POST') return undefined;
  if (path === '/v1/messages') return 'anthropic';
  return path === '/v1/chat/completions' ? 'openai-chat' : undefined;
}

/**
 * Plays a model over a whole conversation, in the dialect that each request is in: the turn is chosen by how many
 * turns of the model the request carries, so a client that retries gets the same turn again.
 */
export function playModel(turns: readonly ModelTurn[]): Play {
  return (request) => {
    const dialect = upstreamDialect(request);
    if (dialect === undefined) throw new Error(`no dialect has ${request.method} ${request.path}`);
    const index = dialect === 'anthropic' ? anthropicTurnsSoFar(request) : openAiChatTurnsSoFar(request);
    const turn = turns[index];
    if (turn === undefined)
      throw new Error(`the conversation has ${index} turns of the model, the script ${turns.length}`);
    return dialect === 'anthropic' ? anthropicScript(request, turn) : openAiChatScript(request, turn);
  };
}
