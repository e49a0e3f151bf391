import { anthropicScript, anthropicTurnsSoFar } from './anthropic-script.ts';
import { geminiScript, geminiTurnsSoFar } from './gemini-script.ts';
import type { ModelTurn } from './model-turn.ts';
import { ollamaModelScript, ollamaScript, ollamaTurnsSoFar } from './ollama-script.ts';
import { openAiChatScript, openAiChatTurnsSoFar } from './openai-chat-script.ts';
import { openAiResponsesScript, openAiResponsesTurnsSoFar } from './openai-responses-script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';
import type { Play } from './scripted-upstream.ts';

type UpstreamDialect = 'anthropic' | 'openai-chat' | 'openai-responses' | 'ollama' | 'gemini';

interface Player {
  turnsSoFar(this: void, request: RecordedRequest): number;
  script(this: void, request: RecordedRequest, turn: ModelTurn): Script;
}

const players: Readonly<Record<UpstreamDialect, Player>> = {
  anthropic: { turnsSoFar: anthropicTurnsSoFar, script: anthropicScript },
  'openai-chat': { turnsSoFar: openAiChatTurnsSoFar, script: openAiChatScript },
  'openai-responses': { turnsSoFar: openAiResponsesTurnsSoFar, script: openAiResponsesScript },
  ollama: { turnsSoFar: ollamaTurnsSoFar, script: ollamaScript },
  gemini: { turnsSoFar: geminiTurnsSoFar, script: geminiScript },
};

/** The wire format that a request to an upstream is in, told by its path. */
export function upstreamDialect(request: RecordedRequest): UpstreamDialect | undefined {
  const path = request.path.split('?', 1)[0];
  if (request.method !== 'POST') return undefined;
  if (path === '/v1/messages') return 'anthropic';
  if (path === '/api/chat') return 'ollama';
  if (path === '/v1/responses') return 'openai-responses';
  // At Vertex AI too.
  if (path !== undefined && /\/models\/[^/]+:(?:streamG|g)enerateContent$/u.test(path)) return 'gemini';
  return path === '/v1/chat/completions' ? 'openai-chat' : undefined;
}

/**
 * Plays a model over a whole conversation, in the dialect that each request is in: the turn is chosen by how many
 * turns of the model the request carries, so a client that retries gets the same turn again. Ollama is also asked what
 * the model can do.
 */
export function playModel(turns: readonly ModelTurn[]): Play {
  return (request) => {
    if (request.path === '/api/show') return ollamaModelScript(40_960, ['tools', 'thinking', 'vision']);
    const dialect = upstreamDialect(request);
    if (dialect === undefined) throw new Error(`no dialect has ${request.method} ${request.path}`);
    const { turnsSoFar, script } = players[dialect];
    const index = turnsSoFar(request);
    const turn = turns[index];
    if (turn === undefined)
      throw new Error(`the conversation has ${index} turns of the model, the script ${turns.length}`);
    return script(request, turn);
  };
}
