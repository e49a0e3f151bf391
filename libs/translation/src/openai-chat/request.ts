import { writeJson } from '@ccg/wire';
import type { Envelope, JsonObject } from '@ccg/wire';
import { asObject } from '../json-fields.ts';
import { readRequest } from '../read-request.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertMessages } from './messages.ts';
import { convertSampling } from './sampling.ts';
import { convertToolChoice } from './tool-choice.ts';
import { convertTools } from './tools.ts';

export interface ChatRequestInput {
  readonly envelope: Envelope;
  /** The name at the provider. */
  readonly model: string;
  /** 0 means no cap. */
  readonly maxOutputTokens: number;
}

export interface ChatRequest {
  /** The body as a byte string. */
  readonly body: string;
  /** The token limit that the body asks for. */
  readonly maxTokens: number;
}

/** Writes the body of a chat completion request for the client's request. */
export function convertRequest(input: ChatRequestInput, context: ConversionContext): ChatRequest {
  const { capabilities, warnings } = context;
  const body = readRequest(input.envelope);
  const maxTokens = limitTokens(input, context);
  const tools = convertTools(body['tools'], context);
  if (asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']) !== undefined) {
    warnings.add('output_config.format', 'unsupported', 'The form of the answer cannot be forced; it was left out.');
  }
  const request: JsonObject = {
    model: input.model,
    messages: convertMessages(body, context),
    [capabilities.maxTokensField]: maxTokens,
    ...convertSampling(body, context),
    // An empty list is refused by several servers.
    tools: tools.length === 0 ? undefined : tools,
    ...convertToolChoice(body['tool_choice'], tools),
    stream: input.envelope.stream,
    stream_options: input.envelope.stream && capabilities.streamUsage ? { include_usage: true } : undefined,
  };
  return { body: writeJson(request), maxTokens };
}

/** Servers refuse 0, or take it for no limit at all. */
function limitTokens({ envelope, maxOutputTokens }: ChatRequestInput, { warnings }: ConversionContext): number {
  const wanted = envelope.maxTokens ?? 0;
  const limited = Math.max(1, maxOutputTokens > 0 ? Math.min(wanted, maxOutputTokens) : wanted);
  if (limited !== wanted) warnings.add('max_tokens', 'clamped', `The answer may have ${limited} tokens here.`);
  return limited;
}
