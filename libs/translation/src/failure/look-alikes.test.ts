import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Words that look like a class with a remedy, and are of another. */
const cases: readonly Case[] = [
  [
    'refused',
    400,
    m('messages.3.content.0.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes'),
  ],
  [
    'refused',
    400,
    m(
      'messages.5: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
    ),
  ],
  ['refused', 400, m('messages: at least one message is required')],
  ['refused', 400, m('max_tokens: Field required')],
  ['refused', 400, m('`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation')],
  ['refused', 400, m('max_tokens must be greater than 0')],
  ['refused', 400, m('max_tokens must be at least 1')],
  ['refused', 400, m('thinking.budget_tokens: Input should be greater than or equal to 1024')],
  ['refused', 400, m("Invalid value for 'max_tokens': expected an integer")],
  ['refused', 400, m('Your prompt was flagged as potentially violating our usage policy')],
  [
    'value-rejected',
    400,
    m('Input validation error: `temperature` must be strictly positive'),
    { path: 'temperature' },
  ],
  ['refused', 400, m('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')],
  ['form-rejected', 400, m('Conversation roles must alternate user/assistant/user/assistant/...')],
  ['refused', 400, m('No user query found in messages.')],
  ['refused', 400, m('The image is too large. The maximum size is 20 MB')],
  ['refused', 413, m('Request body too large')],
  ['refused', 413, '<html><title>413 Request Entity Too Large</title></html>'],
  ['count-exceeded', 400, m('This model does not support image input'), { what: 'images', maximum: 0 }],
  ['refused', 400, m('Images are not supported in tool messages')],
  ['refused', 400, m('Your plan supports 2 image models')],
  ['refused', 400, m('Invalid image: only png, jpeg and webp images are supported')],
  ['refused', 400, m('This model only supports text-to-image generation')],
  ['refused', 400, m('`max_tokens` must be greater than `thinking.budget_tokens`.')],
  ['refused', 400, m('Function calling is not supported with streaming')],
  ['refused', 400, m('temperature must be a float')],
  ['overflow', 400, m('prompt_tokens 不能超过 131072')],
  ['overflow', 400, m('The system prompt is too long: 140000 tokens > 131072 maximum')],
  ['refused', 400, m('This model does not support images in system messages')],
  ['field-rejected', 400, m('image_url is not supported when tools are given'), { when: ['tools'] }],
  ['count-exceeded', 400, m('Images are not supported for this model'), { maximum: 0 }],
  ['count-exceeded', 400, m('Images are not supported with acme-1'), { maximum: 0 }],
  ['refused', 400, m('number of tool calls in the message exceeds the limit of 128')],
  ['refused', 400, m('The image format webp is not supported')],
  ['refused', 400, m('This model does not support images larger than 5 MB')],
  ['refused', 400, m('Image URLs are not supported, send the image itself')],
  ['refused', 400, m('该模型不支持图片格式 webp')],
  ['refused', 400, m('This model does not support webp images')],
  ['refused', 400, m('Tool calling is not supported with this model')],
  ['broken', 500, m('context deadline exceeded')],
  ['broken', 500, m('Post "http://x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)')],
  ['broken', 500, m('context canceled')],
  [
    'broken',
    500,
    m(
      "HTTPConnectionPool(host='x', port=8000): Max retries exceeded with url: /v1/chat/completions (Caused by NewConnectionError)",
    ),
  ],
  ['broken', 500, m('Maximum call stack size exceeded')],
  ['broken', 500, m('CUDA out of memory. Tried to allocate 2.00 GiB')],
  ['refused', 400, m('Invalid input: expected string, received array')],
  ['refused', 400, m('User location is not supported for the API use.')],
  ['refused', 400, m('Function calling is not enabled for models/gemma-3')],
  ['form-rejected', 400, m('Reasoning is mandatory for this endpoint and cannot be disabled.')],
  [
    'value-rejected',
    400,
    m('The value of the enable_thinking parameter is restricted to True.'),
    { path: 'enable_thinking', allowed: ['True'] },
  ],
  ['broken', 200, m('context deadline exceeded')],
  ['refused', 400, m("Unexpected role 'developer'")],
  ['refused', 400, m('Invalid JSON: expected value at line 1 column 5')],
  [
    'refused',
    422,
    m(
      'Failed to deserialize the JSON body into the target type: messages[0]: missing field `content` at line 1 column 500',
    ),
  ],
  ['refused', 400, m('The tool call id call_1 of message 4 was not found')],
  ['refused', 400, m('Could not process image')],
  ['refused', 400, m('The maximum number of tokens must be positive')],
  ['refused', 409, m('Conversation is locked by another request')],
  ['credential', 403, m('Your organization must be verified to stream this model')],
  ['rate-limited', 429, m('Request was rejected due to rate limiting. Details: TPM limit reached.')],
  [
    'rate-limited',
    429,
    m('Number of request tokens has exceeded your per-minute rate limit (https://docs.anthropic.com/...)'),
  ],
  [
    'rate-limited',
    429,
    m("This request would exceed your organization's rate limit of 40,000 input tokens per minute"),
  ],
  ['rate-limited', 429, m('Too many tokens, please wait before trying again.')],
  ['overloaded', 529, m('Overloaded')],
  ['broken', 500, m('The model produced invalid output. Please retry')],
  ['broken', 500, m('an error was encountered while running the model: unexpected EOF')],
  ['broken', 500, m('Failed to generate output: token limit 0')],
  ['refused', 400, m('Tool names must be unique')],
  ['refused', 400, m('stop: too many stop tokens')],
  ['refused', 400, m('Invalid base64 image_url.')],
  [
    'refused',
    400,
    m('Provider returned error', { metadata: { raw: '{"message":"Bad request"}', provider_name: 'X' } }),
  ],
  [
    'overflow',
    400,
    m('Provider returned error', {
      code: 400,
      metadata: {
        raw: '{"error":{"message":"The input (61709 tokens) is longer than the model\'s context length (40960 tokens).","type":"BadRequestError","param":null,"code":400}}',
        provider_name: 'X',
      },
    }),
    { promptTokens: 61709, windowTokens: 40960 },
  ],
  [
    'answer-too-long',
    400,
    m('Provider returned error', {
      code: 400,
      metadata: { raw: '{"detail":"max_tokens must be less than or equal to 8192"}', provider_name: 'X' },
    }),
    { modelMaximum: 8192 },
  ],
  ['account-empty', 402, m('x')],
  ['credential', 401, m('No auth credentials found', { code: 401 })],
  [
    'refused',
    400,
    m("Missing required parameter: 'messages[1].content[0].type'.", {
      param: 'messages[1].content[0].type',
      code: 'missing_required_parameter',
    }),
  ],
  [
    'refused',
    400,
    m("Invalid type for 'messages[2].content': expected a string, but got an object instead.", {
      param: 'messages[2].content',
      code: 'invalid_type',
    }),
  ],
  [
    'refused',
    400,
    m(
      "Invalid 'messages[1].tool_calls[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
      { param: 'messages[1].tool_calls[0].function.name', code: 'invalid_value' },
    ),
  ],
  [
    'form-rejected',
    400,
    m('The `reasoning_content` in the thinking mode must be passed back to the API.', {
      type: 'invalid_request_error',
      param: null,
    }),
    { form: 'history without reasoning' },
  ],
  ['refused', 400, m('Assistant message must have either content or tool_calls, but not none.')],
  [
    'refused',
    400,
    m("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", {
      param: 'messages.[3].role',
      code: null,
    }),
  ],
  ['refused', 400, m('Prefix mode requires beta')],
  [
    'refused',
    400,
    m(
      'Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly',
    ),
  ],
  [
    'refused',
    400,
    m('Please ensure that function call turn comes immediately after a user turn or after a function response turn.'),
  ],
  // A sign, or a word such as "over", is no comparison of lengths.
  ['field-rejected', 400, m('body -> messages -> 1 -> tool_calls: extra fields not allowed')],
  [
    'field-rejected',
    400,
    m('body -> tools -> 0 -> strict\n  extra fields not permitted (type=value_error.extra)'),
    { paths: ['tools[0].strict'] },
  ],
  ['field-rejected', 400, m('loc: messages > 2 > reasoning_content is not allowed')],
  ['refused', 400, m("stop sequence '</x>' is not allowed")],
  ['refused', 400, m('Input contains special token <|endoftext|> which is not allowed')],
  ['refused', 400, m("message '<|im_start|>' is not allowed")],
  ['refused', 400, m('message over policy limit: hate')],
  ['refused', 400, m("Input should be <class 'str'> with max_length 5")],
  ['refused', 400, m('The prompt must be a list of <message> within the context object')],
  ['refused', 400, m('input: expected <string>, the maximum nesting is allowed for objects alone')],
  ['refused', 400, m('stop sequence too long')],
  ['refused', 400, m('The byte sequence is too long for a character')],
  ['refused', 400, m('Too many tokens in the stop list')],
  [
    'field-rejected',
    400,
    m('Parameter reasoning_effort is not supported when max_tokens exceeds 16000'),
    { when: ['unknown'] },
  ],
  // Numbers that limit something else than prompt and answer.
  ['refused', 400, m('The prompt template 9000 was not found on port 8192')],
  ['refused', 400, m('prompt has 9000 characters, the maximum is 8192 characters')],
  ['refused', 400, m('The input image has 9000 pixels, the maximum is 8192')],
  ['refused', 400, m('max_tokens must be an integer, got 8192.5')],
  ['refused', 400, m('The prompt id 140123 belongs to another project, see context 131072')],
  ['refused', 400, m('The model gives up to 8192 tokens; the name of a tool is missing')],
  [
    'overflow',
    400,
    { error: { code: 'context_window_exceeded', limit: 131072, actual: 140123 } },
    { promptTokens: 140123, windowTokens: 131072 },
  ],
  ['refused', 400, { error: { code: 'bad_name', limit: 64, actual: 140 } }],
  ['refused', 400, m('Extra fields are not permitted in this request')],
  ['overflow', 400, m('The prompt is over the maximum context length')],
  ['overflow', 400, m('Your conversation is beyond the context window of this model')],
  ['count-exceeded', 400, m('Only 1 image is allowed when tools are used'), { maximum: 1, when: ['tools'] }],
  // A number of tools, or of anything else, is a condition that a request does not show.
  ['field-rejected', 400, m('tool_choice is not supported with a single tool'), { when: ['unknown'] }],
  ['field-rejected', 400, m('tool_choice is not supported for more than 2 tools'), { when: ['unknown'] }],
  ['field-rejected', 400, m('parallel_tool_calls is not supported with multiple tools'), { when: ['unknown'] }],
  ['field-rejected', 400, m('top_p is not supported when streaming long answers'), { when: ['unknown'] }],
  // A number beside an image, or a tool, that counts something else.
  ['refused', 400, m('image limit is 5 MB')],
  ['refused', 400, m('images must be at most 5 MB each; 6 images sent')],
  ['refused', 400, m('Invalid image_url in messages[3]: max retries 3 exceeded')],
  ['refused', 400, m('The images of message 3 are more than 2000 pixels wide')],
  ['refused', 400, m('Rate limit: only 3 image requests per minute')],
  ['refused', 400, m('tool name limit is 64')],
  ['refused', 400, m('tools[0].function.name: max 64 allowed')],
  ['refused', 400, m('The tools of version 2 accept only model 4')],
  ['refused', 400, m('images: error code 3, limit of the backend')],
  ['refused', 400, m('The message has no image and no text')],
  ['refused', 400, m('Please send only one message with images')],
  ['refused', 400, m('Only 3 of the 6 images were loaded')],
  ['refused', 400, m('the images were over 3 years old')],
  ['refused', 400, m('Image generation is disabled for this model')],
  // The name of a thing is no path: only lists of members name one so.
  ['refused', 400, { error: { name: 'stream_options', code: 'unsupported', message: 'Refused' } }],
  ['refused', 400, { errors: [{ name: 'BadRequestError', reason: 'is not supported' }] }],
  // A code that many use says less than the words beside it.
  [
    'count-exceeded',
    400,
    m('This model does not support image input', { code: 'unsupported', param: 'messages[1].content[0]' }),
    { maximum: 0 },
  ],
  [
    'form-rejected',
    400,
    m('Thinking mode does not support this tool_choice', { code: 'not_supported', param: 'tool_choice' }),
  ],
  // Schemas, and parameters, that are none of a tool, or are not what is refused.
  ['refused', 400, m('The text outlines a plan that cannot compile')],
  ['refused', 400, m('JSON schema output is unknown to this model')],
  ['refused', 400, m('The database schema has an unsupported constraint')],
  ['refused', 400, m('Structured outputs are unknown to this backend')],
  ['refused', 400, m('tools[0].function.parameters.properties.command.pattern: must be a string')],
  ['refused', 400, m('The arguments of the call do not match the tool schema: unknown keyword')],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(readFailure({ status, headers: [], body: text }).cause).toMatchObject({ kind, ...cause });
  },
);
