import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
import { pieces, usualUsage } from './model-turn.ts';
import type { ModelPart, ModelTurn } from './model-turn.ts';
import { head, jsonScript, write } from './script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** The frames of one streamed answer of Gemini: text in small pieces, calls whole, and `STOP` after calls too. */
export function geminiFrames(turn: ModelTurn): string[] {
  const parts = partsOf(turn, (text) => pieces(text));
  const last = parts.length - 1;
  const frames = parts.map((part, index) => geminiFrame(chunk(turn, [part], index === last)));
  return frames.length === 0 ? [geminiFrame(chunk(turn, [], true))] : frames;
}

/** One frame; Google ends its lines as HTTP does. */
export function geminiFrame(fields: Readonly<Record<string, unknown>>): string {
  return `data: ${JSON.stringify({ ...fields, modelVersion: 'scripted', responseId: 'scripted' })}\r\n\r\n`;
}

/** Answers `generateContent` and `streamGenerateContent` with one turn; refuses what Gemini would. */
export function geminiScript(request: RecordedRequest, turn: ModelTurn): Script {
  const fault = geminiFault(request.json());
  if (fault !== undefined) return geminiError(400, 'INVALID_ARGUMENT', fault);
  if (request.path.includes(':streamGenerateContent?alt=sse')) {
    return [head(200, { 'content-type': 'text/event-stream' }), ...geminiFrames(turn).map(write)];
  }
  const parts = partsOf(turn, (text) => [text]);
  return jsonScript(200, chunk(turn, parts, true));
}

export function geminiError(code: number, status: string, message: string, details: readonly unknown[] = []): Script {
  return jsonScript(code, { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } });
}

/** How many turns of the model are in a request. */
export function geminiTurnsSoFar(request: RecordedRequest): number {
  return jsonListAt(request.json(), 'contents').filter((content) => jsonAt(content, 'role') === 'model').length;
}

function partsOf(turn: ModelTurn, cut: (text: string) => readonly string[]): unknown[] {
  const first = turn.content.find((part) => part.kind === 'tool-call');
  return turn.content.flatMap((part) =>
    part.kind === 'text' ? cut(part.text).map((text) => ({ text })) : [callOf(part, part === first)],
  );
}

/** Of several calls only the first is signed. */
function callOf({ id, name, input }: Extract<ModelPart, { kind: 'tool-call' }>, isFirst: boolean): unknown {
  const functionCall = { id, name, args: input };
  return isFirst ? { functionCall, thoughtSignature: signatureOf(id) } : { functionCall };
}

function signatureOf(id: string): string {
  return Buffer.from(`signature of ${id}`).toString('base64');
}

function chunk(turn: ModelTurn, parts: readonly unknown[], isLast: boolean): Readonly<Record<string, unknown>> {
  const { input, cacheRead, output, reasoning = 0 } = turn.usage ?? usualUsage;
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(isLast ? { finishReason: 'STOP' } : {}) }],
    usageMetadata: {
      promptTokenCount: input + cacheRead,
      ...(cacheRead > 0 ? { cachedContentTokenCount: cacheRead } : {}),
      ...(isLast && reasoning > 0 ? { thoughtsTokenCount: reasoning } : {}),
      ...(isLast ? { candidatesTokenCount: output - reasoning, totalTokenCount: input + cacheRead + output } : {}),
    },
  };
}

/** What Gemini refuses: turns in the wrong order, calls and responses that do not match, calls without a signature. */
function geminiFault(body: unknown): string | undefined {
  const contents = jsonListAt(body, 'contents');
  if (jsonAt(contents[0], 'role') !== 'user') return 'Please ensure that multiturn requests begin with a user turn.';
  for (const [index, content] of contents.entries()) {
    const parts = jsonListAt(content, 'parts');
    if (parts.length === 0)
      return `* GenerateContentRequest.contents[${index}].parts: contents.parts must not be empty.`;
    const calls = parts.flatMap((part) => jsonAt(part, 'functionCall') ?? []);
    if (calls.length === 0) continue;
    if (
      jsonTextAt(
        parts.find((part) => jsonAt(part, 'functionCall') !== undefined),
        'thoughtSignature',
      ) === ''
    ) {
      return `Function call is missing a thought_signature in functionCall parts. Function call \`default_api:${jsonTextAt(calls[0], 'name')}\`, position ${index}.`;
    }
    const answers = jsonListAt(contents[index + 1], 'parts').flatMap((part) => jsonAt(part, 'functionResponse') ?? []);
    const namesOf = (list: readonly unknown[]) =>
      list.map((one) => `${jsonTextAt(one, 'id')} ${jsonTextAt(one, 'name')}`);
    if (JSON.stringify(namesOf(calls)) !== JSON.stringify(namesOf(answers))) {
      return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
    }
  }
  return undefined;
}
