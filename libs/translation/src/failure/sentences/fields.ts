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
      /(?:unsupported|unknown|unrecogni[sz]ed|unexpected|unpermitted|extra|additional) (?:request )?(?:parameter|argument|arg|keyword argument|keyword|field|propert(?:y|ies)|key|option)(?:\(s\)|s)?(?![a-z(])(?: supplied| provided| in (?:the )?(?:request|object|body))?(?: are not allowed)?[: ]{0,4}\(?(?<paths>(?!(?:not|is|are|in|should|must) )['"`]?[\w$][\w.[\]$-]{0,80}['"`]?(?:(?:, ?| and )['"`]?[\w$][\w.[\]$-]{0,80}['"`]?){0,12})/iu,
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
      /(?<![\w.[\]])(?<path>(?=[a-z]{0,60}[_.[])[a-z][\w.[\]]{1,160}|temperature|stop|store|seed)['"`]?(?:: ?|\s{0,2}\n\s{1,6})(?:(?:the|this|extra|additional|unexpected|unknown) )?(?:(?:inputs?|fields?|propert(?:y|ies)|parameters?|keys?|arguments?|options?)(?: (?:is|are))? )?(?:(?:is |are )?(?:not (?:permitted|allowed|supported|accepted|expected|recogni[sz]ed)|unsupported|unexpected|unrecogni[sz]ed|forbidden)(?! to | value| type|[^.\n]{0,3}:)|Unexpected (?:field|input))/iu,
    examples: [
      [
        'body -> stream_options\n  extra fields not permitted (type=value_error.extra)',
        'https://docs.pydantic.dev/1.10/usage/models/#error-handling (the form)',
      ],
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
    examples: [
      [
        'An error occurred while processing the request: temperature is not supported when thinking is enabled',
        'https://github.com/danny-avila/LibreChat/issues/11949',
      ],
    ],
    counter: 'Streaming is not supported by this model.',
  },
  {
    says: 'field',
    pattern:
      /(?:parameter|argument|field|option|property) ['"`]?(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|top_p|stop)['"`]? (?:not (?:supported|permitted|allowed|recogni[sz]ed)|unsupported|should not exist)/iu,
    examples: [
      ['property chat_template_kwargs should not exist', 'https://docs.nestjs.com/techniques/validation (the words)'],
    ],
    counter: 'The property of the tool should not exist twice.',
  },
  {
    says: 'field',
    pattern:
      /['"`](?<path>[a-z]{1,30}_[a-z_]{1,40})['"`] is not an? (?:valid|known|recogni[sz]ed|supported) (?:request )?(?:parameter|argument|field|option|property|key)|(?:extraneous key|no such (?:field|parameter|property):?) \[?(?<paths>['"`]?[\w$.]{1,60}['"`]?)/iu,
    examples: [
      [
        'Malformed input request: extraneous key [stream_options] is not permitted, please reformat your input and try again.',
        'https://repost.aws/knowledge-center/bedrock-validation-exception-errors',
      ],
    ],
    counter: '`max_tokens` is not a valid integer',
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
      /(?:parameter|argument|field|option|property) not (?:supported|allowed|permitted|recogni[sz]ed)(?: (?:on|by|for|with) this (?:model|endpoint))?:? ?['"`]?(?<path>[a-z][\w.]{1,60})/iu,
    examples: [['Argument not supported on this model: presencePenalty', 'https://github.com/n8n-io/n8n/issues/14581']],
    counter: 'The feature is not supported: images',
  },
  {
    says: 'field',
    pattern:
      /(?:(?:does not|doesn't|do not|don't) support (?:the )?(?:following )?(?:parameter|argument|field|option)s:?|(?:parameter|argument|field|option|propertie|key)s (?:are|were) (?:not (?:supported|allowed|permitted|recogni[sz]ed)|unsupported|unknown|unexpected|invalid)(?: [^:\n]{0,40})?:) {0,2}\[?(?<paths>['"`]?[\w$][\w.[\]$-]{0,80}['"`]?(?:(?:, ?| and )['"`]?[\w$][\w.[\]$-]{0,80}['"`]?){0,12})/iu,
    examples: [
      [
        "litellm.UnsupportedParamsError: openai does not support parameters: ['reasoning_effort'], for model=gemini-2.5-pro.",
        'https://github.com/CherryHQ/cherry-studio/issues/6347',
      ],
    ],
    counter: 'The parameters are not supported.',
  },
  {
    says: 'field',
    pattern:
      /(?<![a-z_])(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|top_p|stop)['"`]? (?:(?:is|are) (?:deprecated|no longer (?:supported|accepted|available))|(?:is not|isn't|are not|aren't) (?:available|supported|accepted|an? (?:valid|known|recogni[sz]ed|supported) (?:parameter|argument|field|option|property)))/iu,
    examples: [['`temperature` is deprecated for this model.', 'https://github.com/RooCodeInc/Roo-Code/issues/12162']],
    counter: 'This API is deprecated.',
  },
  {
    says: 'field',
    when: ['with temperature'],
    pattern:
      /(?=[^\n]{0,120}(?:both|together|same time|at once|simultaneous|only one|use one|mutually exclusive))(?:temperature['"`]? (?:and|or) ['"`]?(?<path>top_p)(?=['"`]? (?:cannot|can't|can not|may not|must not|should not|are mutually))|only one of [^\n]{0,20}(?<paths>top_p)|(?<at>top_p)['"`]? (?:and|or) ['"`]?temperature['"`]? (?:cannot|can't|can not|may not|must not|should not|are mutually))/iu,
    examples: [
      [
        '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
        'https://github.com/skydiscover-ai/skydiscover/issues/15',
      ],
    ],
    counter: '`temperature` and `top_p` are numbers, both of them',
  },
  {
    says: 'field',
    pattern:
      /^(?:(?:is |this (?:field|property|parameter) is )(?:not (?:allowed|permitted|supported|recogni[sz]ed)|unsupported|unknown|unexpected)|(?:unsupported|unknown|unrecogni[sz]ed|unexpected|extra) (?:parameter|field|argument|property|option|key))\.?$/iu,
    examples: [
      ['is not allowed', 'https://joi.dev/api (any.unknown, with the name in a member beside it)'],
      ['is not supported', 'https://datatracker.ietf.org/doc/html/rfc9457 (the form, with the name as a pointer)'],
    ],
    counter: 'is not allowed to be empty',
  },
  {
    says: 'field',
    pattern:
      /(?:不支持|未知|多余)(?:的)?(?:参数|字段|属性)[:： ]{0,2}['"`]?(?<path>[a-z][\w.[\]]{1,80})|(?<=(?:参数|字段|属性) ?['"`]?|(?<![\w.])(?=[a-z_.]{1,60}['"`]? ?(?:参数|字段|属性)))(?<paths>[a-z]{1,30}_[a-z_.]{1,60}|temperature|top_p|stop)['"`]? ?(?:参数|字段|属性)? ?(?:不支持|不被支持|未知|不允许)/iu,
    examples: [
      ['不支持的参数：`enable_thinking`', 'https://github.com/1812z/HyperIsland/issues/115'],
      ['grok-3-mini不支持参数：presencePenalty', 'https://github.com/lobehub/lobehub/issues/7370'],
    ],
    counter: '不支持的模型：acme',
  },
  {
    says: 'field',
    pattern:
      /(?:parameter|argument|field|option|property|key)s? ['"`]?(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|top_p|stop)['"`]? (?:(?:cannot|can't|can not|may not|must not) be (?:used|set|sent|specified|provided)(?= (?:with|on|for|by|in) (?:this|the|that) (?:model|endpoint|server|api)|\.|$)|(?:was|were|is) (?:unexpected|unknown|unrecogni[sz]ed|not (?:expected|understood|supported|allowed|permitted)))/iu,
    examples: [
      [
        "Parameter 'parallel_tool_calls' cannot be used with this model",
        'https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/reasoning (the words)',
      ],
    ],
    counter: "Parameter 'top_p' cannot be used with 'temperature'",
  },
  {
    says: 'field',
    pattern:
      /(?:invalid (?:request )?(?:field|parameter|param|argument|key|option)(?:s|\(s\))?|(?:could not|cannot|can't) find (?:the )?(?:field|parameter|property)):? ['"`]?(?<paths>[a-z]{1,30}_[a-z_.]{1,60}(?:, ?[a-z]{1,30}_[a-z_.]{1,60}){0,8})['"`]?\.?$/iu,
    examples: [
      ['Invalid field(s): stream_options', 'https://marshmallow.readthedocs.io (the form)'],
      ['Could not find field stream_options', 'https://protobuf.dev/programming-guides/json/ (the words)'],
    ],
    counter: 'Invalid parameter: reasoning_effort must be a string',
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
  {
    says: 'field',
    path: 'generationConfig.thinkingConfig.thinkingLevel',
    pattern: /thinking[ _]?level is not supported/iu,
    examples: [
      ['Thinking level is not supported for this model.', 'https://github.com/RooCodeInc/Roo-Code/issues/10700'],
    ],
    counter: 'Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.',
  },
];
