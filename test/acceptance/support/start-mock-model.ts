import { LLMock } from '@copilotkit/aimock';
import type { ChatCompletionRequest, FixtureResponse } from '@copilotkit/aimock';

import { recordTraffic } from './record-traffic.ts';
import type { TrafficRecorder } from './record-traffic.ts';

/** A conversation in the mock's own reduced form, the same for each dialect that a request came in. */
export type MockRequest = ChatCompletionRequest;
export type MockTurn = FixtureResponse;

/** A call in a mock's turn. */
export function mockCall(
  id: string,
  name: string,
  input: Readonly<Record<string, unknown>>,
): { id: string; name: string; arguments: string } {
  return { id, name, arguments: JSON.stringify(input) };
}

/** What the mock reports as used, under the names that each dialect has for it. */
export function mockUsage(
  input: number,
  output: number,
): Readonly<Record<'prompt_tokens' | 'completion_tokens' | 'input_tokens' | 'output_tokens', number>> {
  return { prompt_tokens: input, completion_tokens: output, input_tokens: input, output_tokens: output };
}

/** A provider that this project did not write, speaking several dialects, with what reaches it on record. */
export interface MockModel {
  readonly traffic: TrafficRecorder;
  /** Answers every request from now on, and forgets those before. */
  play(answer: (request: MockRequest) => MockTurn): void;
  close(): Promise<void>;
}

/** What the mock says that any request has, where a client of the Messages API asks only for the count. */
export const mockTokenCount = 777;

/** Where Gemini is asked for a count. */
export const mockCountPath = '/v1beta/models/gemini-3-pro-preview:countTokens';

/** Starts `@copilotkit/aimock`; it streams texts and arguments in pieces of seven characters. */
export async function startMockModel(): Promise<MockModel> {
  const mock = new LLMock({ host: '127.0.0.1', port: 0, logLevel: 'silent', chunkSize: 7 });
  let current = (_request: MockRequest): MockTurn => ({ status: 400, error: { message: 'Nothing is to be said.' } });
  // Without a fixture that matches everything the package answers 404, even to a greeting.
  mock.on({ predicate: () => true }, (request) => current(request));
  // The package does not count tokens.
  for (const path of ['/v1/messages/count_tokens', '/v1/responses/input_tokens']) {
    mock.mount(path, {
      handleRequest(_request, response) {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ input_tokens: mockTokenCount }));
        return Promise.resolve(true);
      },
    });
  }
  mock.mount(mockCountPath, {
    handleRequest(_request, response) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ totalTokens: mockTokenCount }));
      return Promise.resolve(true);
    },
  });
  const traffic = await recordTraffic(await mock.start());
  return {
    traffic,
    play(answer) {
      current = answer;
      traffic.reset();
    },
    async close() {
      await traffic.close();
      await mock.stop();
    },
  };
}
