import type { ChatCapabilities } from '@ccg/catalog';
import type { BlockWriter } from '../encoder/block-writer.ts';
import { createEncoder } from '../encoder/encoder.ts';
import type { EncoderSettings } from '../encoder/encoder-state.ts';
import { createFrameWriter } from '../encoder/frame-writer.ts';
import { emptyAnswer } from '../empty-answer.ts';
import { asText } from '../json-fields.ts';
import { readRequest } from '../read-request.ts';
import { effectiveTools } from '../tools/effective-tools.ts';
import type { DeclaredTool } from '../tools/effective-tools.ts';
import { createToolIds, outwardToolId } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import type { FrameSink, Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { chatFailure } from './failure.ts';
import { signReasoning } from './reasoning-details.ts';
import { convertRequest } from './request.ts';
import { translateResponse } from './response.ts';
import { createChatStream } from './stream.ts';
import { callableTools } from './text-calls/callable-tools.ts';
import { withTextCalls } from './text-calls/with-text-calls.ts';
import { withThinkTags } from './think-tags.ts';
import { runsAtAnthropic } from './tools.ts';

/** Anthropic Messages over a chat completions server. Throws `request-invalid` for what cannot be translated. */
export function createChatTranslation(input: TranslationInput, capabilities: ChatCapabilities): Translation {
  const { messagesRequest, target, ids, rejectedFields } = input;
  const { provider } = target;
  const warnings = createWarnings();
  const request = readRequest(input);
  const effective = effectiveTools(request, warnings);
  const toolNames = createToolNames(declaredNames(effective.tools), capabilities.toolNameMax);
  const context = {
    capabilities,
    provider: provider.name,
    warnings,
    sealer: input.sealer,
    rejected: rejectedFields,
    toolNames,
    toolIds: createToolIds(capabilities.toolIds),
  };
  const { body, maxTokens, optionalFields } = convertRequest(request, effective, input, context);
  const failureContext = { provider: provider.name, model: target.model };
  const settings: EncoderSettings = {
    provider: provider.name,
    maxTokens,
    ids,
    estimatedInputTokens: input.estimatedInputTokens,
    tools: { id: outwardToolId, name: toolNames.outward, isDeclared: toolNames.declares },
    sign: (run) => signReasoning(run, input.sealer),
  };
  const { tools } = effective;
  const callable = capabilities.textCalls && tools.length > 0 ? callableTools(tools, toolNames) : undefined;
  const encoderFor = (writer: BlockWriter, sink: FrameSink) => {
    const encoder = createEncoder(settings, writer, sink);
    return withThinkTags(callable === undefined ? encoder : withTextCalls(encoder, callable), capabilities.thinkTags);
  };
  const head = () => ({ id: ids.messageId(), model: input.requestedModel });
  return {
    request: {
      headers: [['accept', messagesRequest.stream ? 'text/event-stream' : 'application/json']],
      body,
      warnings: warnings.list(),
      hangProneFields: ['stream_options'].filter((field) => optionalFields.has(field)),
    },
    localAnswer: emptyAnswer(input),
    answer: (answer) => translateResponse(answer, head(), encoderFor, failureContext),
    stream: (sink) => createChatStream(encoderFor(createFrameWriter(head()), sink), failureContext),
    failure(upstream, at) {
      const { error, rejected, shorter } = chatFailure(upstream, at, failureContext, optionalFields);
      if (shorter !== undefined && shorter.outputTokens < maxTokens) {
        return { error, retry: { kind: 'shorter', ...shorter } };
      }
      const fields = rejected.filter((field) => !rejectedFields.has(field));
      return { error, retry: fields.length === 0 ? { kind: 'none' } : { kind: 'without', fields } };
    },
  };
}

function declaredNames(tools: readonly DeclaredTool[]): string[] {
  return tools.filter((tool) => !runsAtAnthropic(tool)).flatMap(({ tool }) => asText(tool['name']) ?? []);
}
