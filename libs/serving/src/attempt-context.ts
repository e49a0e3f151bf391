import type { Target } from '@ccg/catalog';
import type { PromptTools } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';
import type { PromptEstimate } from './estimate-prompt.ts';
import type { Facts } from './outcome.ts';
import type { ServeDependencies } from './serve-dependencies.ts';
import type { ServeRequest } from './serve-request.ts';
import type { ResponseSink } from './sink.ts';

/** One try against one provider, with all that it touches. */
export interface AttemptContext {
  readonly request: ServeRequest;
  readonly messagesRequest: MessagesRequest;
  readonly tools: PromptTools | undefined;
  readonly target: Target;
  readonly estimate: PromptEstimate;
  readonly dependencies: ServeDependencies;
  readonly sink: ResponseSink;
  readonly facts: Facts;
}
