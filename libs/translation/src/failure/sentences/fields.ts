import type { Sentence } from './sentence.ts';

/** How servers name what they do not take at all. */
export const fieldSentences: readonly Sentence[] = [
  {
    says: 'field',
    pattern: /\('(?<at>messages\.\d{1,6})' : property '(?<path>\w{1,60})' is unsupported/iu,
    examples: [
      [
        "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property 'reasoning_content' is unsupported)]",
        'https://github.com/janhq/jan/issues/8136',
      ],
      [
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning' is unsupported, did you mean 'role'?)]",
        'https://github.com/karthink/gptel/issues/774',
      ],
    ],
    counter:
      "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1.content' : value must be a string)]",
  },
  {
    says: 'field',
    pattern:
      /(?:unsupported|unknown|unrecogni[sz]ed|unexpected|unpermitted|extra|additional) (?:request )?(?:parameter|argument|arg|keyword argument|keyword|field|propert(?:y|ies)|key|option)s?(?:\(s\))?(?: supplied| provided| in (?:the )?(?:request|object|body))?(?: are not allowed)?:? {0,2}\(?(?<paths>['"`]?[\w$][\w.[\]$-]{0,80}['"`]?(?:(?:, ?| and )['"`]?[\w$][\w.[\]$-]{0,80}['"`]?){0,12})/iu,
    examples: [
      ['Validation: Unsupported parameter(s): chat_template_kwargs', 'https://github.com/zai-org/feedback/issues/231'],
      ['Unsupported parameter(s): `documents`, `add_special_tokens`', 'https://github.com/ai-dynamo/dynamo/pull/4021'],
      [
        'Unrecognized request argument supplied: reasoning_effort',
        'https://github.com/yaroslavyaroslav/OpenAI-sublime-text/issues/146',
      ],
      ["Unknown parameter: 'enable_thinking'.", 'https://github.com/1812z/HyperIsland/issues/115'],
      [
        "Additional properties are not allowed ('id' was unexpected) - 'messages.0'",
        'https://github.com/transitive-bullshit/agentic/issues/531',
      ],
      [
        "Completions.create() got an unexpected keyword argument 'enable_thinking'",
        'https://github.com/agno-agi/agno/issues/3112',
      ],
      [
        'messages[0].additional: unknown field `additional`, expected one of `role`, `content`, `name`, `refusal`',
        'https://github.com/foundation-model-stack/fms-guardrails-orchestrator/pull/296',
      ],
      ["Unrecognized key(s) in object: 'store'", 'https://zod.dev/error-customization'],
      ['json: unknown field "parallel_tool_calls"', 'https://pkg.go.dev/encoding/json#Decoder.DisallowUnknownFields'],
    ],
    counter: 'The `reasoning_content` in the thinking mode must be passed back to the API.',
  },
  {
    says: 'field',
    pattern:
      /(?:Invalid|Disallowed) (?:request )?(?:argument|parameter|field|keyword)s?[^'"`:\n]{0,40}:? ?['"`]?(?<path>[a-z]{1,30}_[\w.[\]]{1,60})/iu,
    unless: /must be|range|expected|greater|less than|value/iu,
    examples: [['Invalid parameter: chat_template_kwargs', 'hand-made']],
    counter: 'Invalid parameter: max_tokens must be less than 8192',
  },
  {
    says: 'field',
    pattern: /Unknown name ["\\]{1,2}(?<path>[\w$]{1,80})["\\]{1,2}(?: at '[^'\n]{0,200}')?: Cannot find field/iu,
    examples: [
      [
        'Invalid JSON payload received. Unknown name "stream": Cannot find field.',
        'https://github.com/sourcegraph/cody/issues/4566',
      ],
    ],
    counter: 'Cannot find field in the answer of the backend.',
  },
  {
    says: 'field',
    pattern:
      /(?<![\w.[\]])(?<path>[a-z][\w.[\]]{1,160}): (?:Extra inputs are not permitted|extra fields not permitted|Unexpected (?:field|input))/iu,
    examples: [
      ['tools.0.custom.defer_loading: Extra inputs are not permitted', 'https://docs.anthropic.com/en/api/errors'],
      ['extra_body.thinking: extra fields not permitted', 'https://docs.pydantic.dev/1.10/usage/models/ (the words)'],
    ],
    counter: 'messages.0.content: Input should be a valid string',
  },
  {
    says: 'field',
    pattern:
      /(?<path>messages[\w.[\]]{1,120}|tools[\w.[\]]{1,120}): [^\n.]{0,100}(?:is|are) (?:not supported|unsupported|not permitted|not allowed)/iu,
    examples: [
      ['messages[3].reasoning: reasoning is not supported with this model', 'https://github.com/vercel/ai/pull/8057'],
    ],
    counter: 'messages[3].content: the text is empty',
  },
  {
    says: 'field',
    pattern:
      /(?<!models? )(?<!endpoint )(?<!value: )['"`](?<path>[a-z][\w.[\]]{1,160})['"`]? (?:parameter |option |field |property |argument )?(?:is|are) (?:unsupported|not (?:supported|permitted|allowed|recogni[sz]ed|a recogni[sz]ed))/iu,
    examples: [
      ["property 'chat_template_kwargs' is unsupported", 'https://console.groq.com/docs/errors'],
      [
        "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported",
        'https://github.com/Kilo-Org/kilocode/issues/10375',
      ],
      [
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'https://platform.openai.com/docs/guides/reasoning',
      ],
    ],
    counter: 'The model `acme/acme-1` is not supported by this endpoint.',
  },
  {
    says: 'field',
    pattern:
      /(?<![a-z_])(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|top_p|stop|response_format) (?:parameter |option |field |property )?(?:is|are) (?:unsupported|not (?:supported|permitted|allowed|recogni[sz]ed))/iu,
    examples: [['parallel_tool_calls is not supported by this model', 'hand-made']],
    counter: 'Streaming is not supported by this model.',
  },
  {
    says: 'field',
    pattern:
      /(?:does not|doesn't|do not|don't) support (?:the )?(?:parameter |option |field |property )?['"`]?(?<path>[a-z]{1,30}_[a-z_]{1,40}|reasoningEffort|temperature|stop)\b/iu,
    examples: [
      ['does not support parameter reasoningEffort', 'https://github.com/NousResearch/hermes-agent/issues/23088'],
    ],
    counter: 'The model does not support images.',
  },
  {
    says: 'field',
    pattern:
      /(?:parameter|argument|field|option|property) not (?:supported|allowed|permitted|recogni[sz]ed):? ?['"`]?(?<path>[a-z][\w.]{1,60})/iu,
    examples: [['Argument not supported: logit_bias', 'hand-made']],
    counter: 'The feature is not supported: images',
  },
  {
    says: 'field',
    pattern: /(?:不支持|未知|多余)(?:的)?(?:参数|字段|属性)[:： ]{0,2}['"`]?(?<path>[a-z][\w.[\]]{1,80})/iu,
    examples: [['不支持的参数：`enable_thinking`', 'https://github.com/1812z/HyperIsland/issues/115']],
    counter: '不支持的模型：acme',
  },
  {
    says: 'field',
    pattern: /(?:参数|字段|属性) ?['"`]?(?<path>[a-z][\w.[\]]{1,80})['"`]? ?(?:不支持|不被支持|未知|不允许)/iu,
    examples: [['参数 chat_template_kwargs 不支持', 'hand-made']],
    counter: '参数 temperature 必须小于 1',
  },
  {
    // A router was asked to keep to endpoints that take every field, and has none for this model.
    says: 'field',
    path: 'provider',
    pattern: /No endpoints found that can handle the requested parameters/iu,
    examples: [
      [
        'No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing',
        'https://openrouter.ai/docs/provider-routing',
      ],
    ],
    counter: 'No endpoints found for acme/acme-1.',
  },
];

/** How servers say that there is more of something than they take. */
export const countSentences: readonly Sentence[] = [
  {
    says: 'count',
    pattern:
      /at most (?<maximum>\d{1,5}) (?<what>image|audio|video|document|file|tool|function|message|stop sequence)(?:s|\(s\))?\b/iu,
    examples: [
      ['At most 1 image(s) may be provided in one request.', 'https://github.com/vllm-project/vllm/issues/13513'],
      ['At most 5 image(s) may be provided in one request.', 'https://github.com/vllm-project/vllm/issues/17092'],
    ],
    counter: 'This model supports at most 4096 completion tokens.',
  },
  {
    says: 'count',
    pattern:
      /too (?:many|much) (?<what>image|audio|video|media|document|file|tool|function|message|stop)[^\n]{0,80}?(?:> ?|max(?:imum)?(?: allowed)?(?: is| of)? |at most |up to |limit(?: is| of)? |超过)(?<maximum>\d{1,5})/iu,
    examples: [
      ['too many images in the message, max allowed is 16', 'https://github.com/QuantumNous/new-api/issues/1233'],
      [
        'The request contains too many images: 11 images were provided, but the model supports a maximum of 10 images.',
        'https://github.com/microsoft/vscode/issues/303825',
      ],
      ['too many images and documents: 120 + 0 > 100', 'https://github.com/anthropics/claude-code/issues/24541'],
      ['Too much media: 0 document pages + 107 images > 100', 'https://github.com/anthropics/claude-code/issues/24541'],
    ],
    counter: 'Too many requests, at most 60 a minute.',
  },
  {
    says: 'count',
    pattern:
      /\d{1,5} (?<what>image|audio|video|document|file|tool|function|message)s?\b[^\n]{0,60}?(?:exceed\w{0,3}|more than|over) (?:the )?(?:max(?:imum)?|limit)?(?: of| is)? ?(?<maximum>\d{1,5})/iu,
    examples: [
      [
        'request contains 52 images, exceeding the maximum of 50 allowed per request',
        'https://github.com/anomalyco/opencode/issues/47721',
      ],
    ],
    counter: 'At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels',
  },
  {
    says: 'count',
    pattern:
      /(?:maximum|max|up to|no more than|limit(?:ed)?(?: of| to)?|only)(?: number)?(?: of)? (?<maximum>\d{1,5}) (?<what>image|audio|video|document|file|tool|function|stop sequence)s?\b/iu,
    examples: [['A maximum of 20 images can be sent to this model.', 'hand-made']],
    counter: 'The maximum of 20 MB an image was exceeded.',
  },
  {
    says: 'count',
    pattern: /(?:array|list) too long[^\n]{0,60}maximum length (?<maximum>\d{1,6})/iu,
    examples: [
      [
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 325 instead.",
        'https://github.com/vishalmysore/Tools4AI/issues/16',
      ],
    ],
    counter: "Invalid 'tools[1].function.name': string too long. Expected a string with maximum length 64.",
  },
  {
    says: 'count',
    pattern: /You set (?<what>image|audio|video)=(?<maximum>\d{1,5})[^\n]{0,80}but passed \d{1,5}/iu,
    examples: [
      [
        'You set image=2 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in the same prompt.',
        'https://github.com/xorbitsai/inference/issues/3054',
      ],
    ],
    counter: 'You set image=2 in the configuration.',
  },
  {
    says: 'count',
    pattern: /maximum of (?<maximum>\d{1,3}) blocks with (?<what>cache_control)/iu,
    examples: [
      [
        'A maximum of 4 blocks with cache_control may be provided. Found 5.',
        'https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching',
      ],
    ],
    counter: 'A maximum of 4 blocks may be provided.',
  },
  {
    says: 'count',
    pattern:
      /(?:最多|至多)(?:只能|支持|允许|可)?[^\d\n]{0,10}(?<maximum>\d{1,5}) ?(?:个|张|份)?(?<what>图像|图片|工具|函数|文件|视频|音频)/iu,
    examples: [
      [
        '请求中的图像过多: 提供了 11 个图像，但模型最多支持 10 个图像。',
        'https://github.com/microsoft/vscode/issues/303825',
      ],
    ],
    counter: '每分钟最多 60 个请求',
  },
];
