import type { Sentence } from './sentence.ts';

/** How servers refuse what stands, or does not stand, in messages of earlier turns. */
export const historySentences: readonly Sentence[] = [
  {
    says: 'reasoning in messages',
    pattern:
      /messages[^\n]{0,80}signature: (?:Extra inputs are|extra fields) not permitted|Input tag ['"`](?:redacted_)?thinking['"`] found|unknown variant ['"`](?:redacted_)?thinking['"`]|(?:content|block) types? ['"`]?(?:redacted_)?thinking['"`]? (?:is|are) (?:not supported|unsupported|invalid)|(?:unsupported|unknown|invalid) (?:content )?(?:block )?types?:? ['"`](?:redacted_)?thinking/iu,
    examples: [
      [
        'messages.0.content.1.signature: Extra inputs are not permitted',
        'third-party channels, as quoted in public test suites',
      ],
      [
        "messages.1.content.0: Input tag 'thinking' found using 'type' does not match any of the expected tags: 'text', 'image', 'tool_use', 'tool_result'",
        'https://docs.pydantic.dev/latest/errors/validation_errors/#union_tag_invalid (the words)',
      ],
    ],
    counter: "Input tag 'computer' found using 'type' does not match any of the expected tags: 'text', 'thinking'",
  },
  {
    says: 'history without reasoning',
    pattern:
      /(?:reasoning_content|reasoning_details|`?thinking`? content|content\[\]\.thinking)['"`]?[^\n]{0,60}(?:must be (?:passed back|included|preserved|provided)|(?:is |are )?(?:missing|required) in (?:the )?(?:assistant|message|history))|missing (?:the )?['"`]?reasoning_content/iu,
    examples: [
      [
        'The `reasoning_content` in the thinking mode must be passed back to the API.',
        'https://github.com/Gitlawb/openclaude/issues/876',
      ],
      [
        'thinking is enabled but reasoning_content is missing in assistant tool call message at index 2',
        'https://github.com/MoonshotAI/kimi-cli/issues (api.moonshot.ai)',
      ],
      [
        'Missing `reasoning_content` field in the assistant message at message index 1.',
        'https://api-docs.deepseek.com/guides/thinking_mode',
      ],
    ],
    counter: 'Unsupported parameter: reasoning_content',
  },
  {
    says: 'calls without text',
    pattern:
      /\bcontent['"`]? (?:field )?(?:cannot|can't|must not|may not|should not) be (?:null|none|empty|missing)|content['"`]?: (?:expected a string, got null|none is not an allowed value|field required)|(?<!messages\[0\]: )missing (?:field )?['"`]content['"`]?|role ['"`]assistant['"`] must not be empty|assistant message must have (?:either )?content\b(?! or (?:tool_calls|['"`]tool_calls), but)/iu,
    examples: [
      [
        'messages[2]: missing field `content`',
        'https://github.com/ggml-org/llama.cpp (tools/server, serde servers alike)',
      ],
      [
        "Invalid request: the message at position 3 with role 'assistant' must not be empty",
        'https://github.com/MoonshotAI/kimi-cli/issues (api.moonshot.ai)',
      ],
      [
        "Invalid value for 'content': expected a string, got null.",
        'https://platform.openai.com/docs/guides/error-codes',
      ],
    ],
    counter: 'Assistant message must have either content or tool_calls, but not none.',
  },
  {
    says: 'past reasoning',
    pattern:
      /Invalid `?signature`? in `?thinking`? block|thinking\.signature: Field required|must start with a thinking block|`?thinking`? or `?redacted_thinking`? blocks .{0,200}cannot be modified|(?:invalid|corrupted|malformed) thought[ _]signature|thought[ _]signature is (?:not valid|invalid)|encrypted[ _]content (?:\S{1,400} )?(?:could not|cannot) be (?:verified|decrypted|parsed)|of type 'reasoning' was provided without its required following item/iu,
    examples: [
      [
        'messages.1.content.0: Invalid `signature` in `thinking` block',
        'https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking',
      ],
      ['Thought signature is not valid.', 'https://ai.google.dev/gemini-api/docs/thought-signatures (the words)'],
      [
        'The encrypted content gAAA...xyz could not be verified. Reason: Encrypted content could not be decrypted or parsed.',
        'https://github.com/openai/codex/issues (invalid_encrypted_content)',
      ],
    ],
    counter: 'The signature of the request is invalid.',
  },
];
