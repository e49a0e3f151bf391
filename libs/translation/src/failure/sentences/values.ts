import { effortSentences } from './efforts.ts';
import type { Sentence } from './sentence.ts';

/** How servers refuse the value of a member that they know. */
export const valueSentences: readonly Sentence[] = [
  ...effortSentences,
  {
    says: 'value',
    pattern:
      /(?<![\w.])(?<path>temperature|top_p|top_k|min_p|[a-z]{1,20}_penalty|[a-z]{1,20}_budget)['"`]?(?: value| parameter)?(?: (?:cannot|must not|may not|should not) exceed \d| max(?:imum)?(?: value)? is \d| (?:is )?out of range| (?:greater|larger|more|higher|less|lower|smaller) than [\d.]{1,8} (?:is |are )?not |:? (?:(?:must|should|has to|needs to|can only|may only) )?be (?:set )?(?:strictly )?(?:(?:(?:a |an )?(?:non-negative|positive)|between|in\b|within|at most|no more|less|lower|smaller|greater|larger|at least)\b|[<>≤≥])|: (?:valid )?range\b|: (?:decimal|integer|number|value|float) (?:above|below|out of)\b)/iu,
    examples: [
      ['`temperature` must be in the range of [0.0,1.0]', 'https://github.com/langchain-ai/langchainjs/issues/6038'],
      ['Invalid params: temperature must be in range (0, +inf)', 'https://github.com/ai-forever/gigachain/issues/237'],
      ['top_p: range: -1 or 0..1', 'https://github.com/anthropics/anthropic-sdk-typescript/issues/484'],
      ['Temperature should be in [0.0, 2.0)', 'https://help.aliyun.com/zh/model-studio/error-code'],
      ['Parameter top_k be greater than or equal to 0', 'https://help.aliyun.com/zh/model-studio/error-code'],
      [
        'The thinking_budget parameter must be a positive integer and not greater than 38912',
        'https://help.aliyun.com/zh/model-studio/error-code',
      ],
      ['top_p must be in (0, 1], got 1.5.', 'https://github.com/vllm-project/vllm (vllm/sampling_params.py)'],
      [
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        'https://platform.openai.com/docs/guides/error-codes',
      ],
    ],
    counter: 'temperature must be a number',
  },
  {
    says: 'value',
    pattern:
      /has an? (?<path>temperature|topP|topK|[a-z]{1,20}Penalty|thinkingBudget) value of (?<value>[\d.]{1,12}) but the supported range is (?<rest>[^\n]{1,80})/iu,
    examples: [
      [
        'Unable to submit request because it has a topK value of 64 but the supported range is from 1 (inclusive) to 41 (exclusive). Update the value and try again.',
        'https://github.com/langchain-ai/langchain-google/issues/159 (the form)',
      ],
    ],
    counter:
      'Unable to submit request because it has a maxOutputTokens value of 65536 but the supported range is from 1 (inclusive) to 65536 (exclusive).',
  },
  {
    says: 'value',
    pattern:
      /range (?:of|for) (?:the )?['"`]?(?<path>temperature|top_p|top_k|min_p|[a-z]{1,20}_penalty|[a-z]{1,20}_budget)['"`]?(?: (?:hyper)?parameter| value)? (?:is|should be|must be)/iu,
    examples: [
      ['Range of top_p should be (0.0, 1.0]', 'https://help.aliyun.com/zh/model-studio/error-code'],
      [
        'The temperature hyperparameter is out of range. The valid range for the temperature hyperparameter should be between 0 and 1.',
        'https://github.com/Marker-Inc-Korea/AutoRAG/issues/1100',
      ],
    ],
    counter: 'the valid range of the port is (0, 65535]',
  },
  {
    says: 'value',
    pattern:
      /(?<![a-z_])(?!(?:prompt|input|context|total)_?(?:tokens?|len)|(?:api|access|secret)_)(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|stop)(?![a-z_])(?=[^\n。]{0,60}(?:取值|范围|参数非法|参数错误|不合法|必须(?:小于|大于|在|介于)|应(?:该)?(?:小于|大于|在|介于)|不能(?:超过|大于|小于)|可选值|只能(?:是|为)|仅支持|无效|取值错误))(?<rest>[^\n]{0,240})/iu,
    examples: [['temperature参数非法。请检查文档。', 'https://github.com/songquanpeng/one-api/issues/1141']],
    counter: 'temperature 的说明在文档中',
  },
  {
    says: 'value',
    pattern:
      /(?<![\w.])(?<path>temperature|top_p|top_k|min_p|[a-z]{1,20}_penalty|[a-z]{1,20}_budget)['"`]? (?:must|should|has to|can only|may only) be (?:set to |exactly |equal to )?(?<allowed>\d{1,3}(?:\.\d{1,4})?)(?![\w%]|\.\d| (?:or|to|and|-))/iu,
    examples: [
      [
        '`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation',
        'https://github.com/MartialBE/one-hub/issues/529',
      ],
    ],
    counter: 'temperature must be 0 or more',
  },
  {
    says: 'value',
    path: 'response_format.type',
    pattern:
      /response_format['"`]?(?:(?:\.type| type| of type):? ?['"`]?(?:json_schema|json_object)?|:? ['"`]?(?:json_schema|json_object))['"`]? ?(?:is |are )?(?:not (?:supported|allowed|available)|unsupported|unavailable)/iu,
    examples: [
      ['This response_format type is unavailable now', 'https://github.com/llm-exe/llm-exe/issues/662'],
      [
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        'https://platform.openai.com/docs/guides/structured-outputs (the words)',
      ],
      [
        'Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` is unavailable now at line 1 column 1193',
        'https://github.com/BerriAI/litellm/issues/7580',
      ],
    ],
    counter: 'response_format is not supported',
  },
  {
    says: 'value',
    pattern:
      /Unsupported value: ['"`](?<path>[\w.]{1,60})['"`] does not support ['"`]?(?<value>[\w.+-]{1,40})['"`]? with this model(?<rest>[^\n]{0,300})/iu,
    examples: [
      [
        "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', 'medium', 'high', and 'xhigh'.",
        'https://platform.openai.com/docs/guides/reasoning',
      ],
      [
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
        'https://platform.openai.com/docs/guides/reasoning',
      ],
    ],
    counter: "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
  },
  {
    says: 'value',
    pattern:
      /(?:Unsupported|Invalid) value: ['"`](?<value>[\w.+-]{1,40})['"`][^\n]{0,120}?(?:supported values are|expected one of|must be one of|value must be)(?<allowed>[^\n]{1,300})/iu,
    examples: [
      [
        "Unsupported value: 'none' is not supported with the 'gpt-6-astra' model. Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'.",
        'https://platform.openai.com/docs/guides/reasoning',
      ],
      [
        "Invalid value: 'standard'. Supported values are: 'low', 'medium', 'high', 'auto'.",
        'https://platform.openai.com/docs/guides/error-codes',
      ],
    ],
    counter: "Unsupported parameter: 'logprobs' is not supported with this model.",
  },
  {
    says: 'value',
    path: 'messages[].role',
    pattern:
      /(?<!\w)['"`]?(?<value>system|developer|tool|function)['"`]? is not one of(?<allowed> [[(][^\])\n]{0,200}['"`]user['"`][^\])\n]{0,200}[\])])/iu,
    examples: [
      [
        "developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.[0].role'",
        'Alibaba Cloud Model Studio, as quoted in public test suites',
      ],
    ],
    counter: "'system' is not one of the models that this server has",
  },
  {
    says: 'value',
    pattern:
      /['"`](?<value>[\w.+-]{1,40})['"`] is not one of(?<allowed> \[[^\]\n]{1,300}\])(?: - ['"`](?<path>[a-z][\w.]{1,60})['"`])?/iu,
    examples: [
      [
        "'xhigh' is not one of ['low', 'medium', 'high'] - 'reasoning_effort'",
        'https://python-jsonschema.readthedocs.io/en/stable/errors/ (the words)',
      ],
    ],
    counter: "'x' is not one of the models that this server has",
  },
  {
    says: 'value',
    pattern:
      /(?<![\w.[\]])(?<path>[a-z][\w.[\]]{1,80}): (?:Input should be|Invalid (?:option|enum value)[^\n]{0,20}? expected)(?<allowed> (?:one of )?['"`][^\n]{1,300})/iu,
    examples: [
      [
        "output_config.effort: Input should be 'low', 'medium' or 'high'",
        'https://docs.pydantic.dev/latest/errors/validation_errors/#literal_error',
      ],
      [
        'reasoning.effort: Invalid option: expected one of "low"|"medium"|"high"',
        'https://zod.dev/error-customization',
      ],
    ],
    counter: 'messages.0.content: Input should be a valid string',
  },
  {
    says: 'value',
    pattern:
      /(?<![\w.])(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|stop|reasoning\.effort)['"`]?(?: ?[:=] ?| )(?:['"`]|(?<=[=:] ?)|(?=\d))(?<value>[\w.+-]{1,40})['"`]? (?:is )?(?:not (?:supported|valid|allowed)|unsupported|invalid)(?<rest>[^\n]{0,300})/iu,
    examples: [
      [
        "reasoning_effort 'xhigh' is not supported by model gemini-3.1-pro-preview; supported values: [low medium high]",
        'GitHub Copilot, as quoted in public test suites',
      ],
    ],
    counter: "reasoning_effort 'xhigh' is the highest",
  },
  {
    says: 'value',
    pattern:
      /(?<![\w.])(?<path>temperature|top_p|[a-z]{1,30}_[a-z_]{1,40})['"`]?: only (?<allowed>['"`]?[\w.+-]{1,40}['"`]?) (?:is|are) (?:allowed|supported|accepted)/iu,
    examples: [
      ['invalid temperature: only 1 is allowed for this model', 'https://platform.moonshot.ai/docs (the words)'],
    ],
    counter: 'invalid temperature: the number is not finite',
  },
  {
    says: 'value',
    pattern:
      /value ['"`]?(?<value>[\w.+-]{1,40})['"`]? (?:for|of) ['"`]?(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|reasoning\.effort)['"`]?(?: is (?:not (?:supported|valid|allowed)|unsupported|invalid)|(?<=(?:unsupported|invalid) value [^\n]{0,140}))(?<rest>[^\n]{0,300})/iu,
    examples: [
      ["Unsupported value 'xhigh' for reasoning_effort.", 'https://github.com/omnigent-ai/omnigent (its tests)'],
    ],
    counter: "The value 'xhigh' of the header is fine.",
  },
  {
    says: 'value',
    pattern:
      /invalid value (?:for|of) ['"`]?(?<path>[a-z]{1,30}_[a-z_]{1,40}|temperature|reasoning\.effort)['"`]?(?: on model [^\s:]{1,60})?:? ['"`]?(?<value>[\w.+-]{1,40})['"`]?(?<rest>[^\n]{0,300})/iu,
    examples: [
      [
        'Invalid value for reasoning_effort on model "deepseek/x": "medium". Supported values are: none, high, max.',
        'OpenAI-compatible servers, as quoted in public test suites',
      ],
      [
        'Invalid value for reasoning_effort: none. Supported values are: high, max',
        'OpenAI-compatible servers, as quoted in public test suites',
      ],
    ],
    counter: 'Invalid value for the header',
  },
  {
    says: 'value',
    pattern: /(?<![\w.])(?<path>[a-z][\w.]{1,60})['"`]? (?:must|should|has to) be one of(?<allowed>[^\n]{1,300})/iu,
    examples: [
      [
        '`reasoning_effort` must be one of `none` or `default`',
        'https://github.com/Alishahryar1/free-claude-code/issues/1348',
      ],
    ],
    counter: 'The request must have at least one of messages or prompt',
  },
  {
    says: 'value',
    pattern:
      /(?:(?<![\w.[\]])(?<path>[a-z][\w.[\]]{1,80}): )?unknown variant ['"`](?<value>[^'"`\n]{1,40})['"`], expected(?<allowed>[^\n]{1,300})/iu,
    examples: [
      [
        'Failed to deserialize the JSON body into the target type: reasoning_effort: unknown variant `xhigh`, expected one of `none`, `high`, `medium`, `low`, `minimal`',
        'OVHcloud AI Endpoints (422), as quoted in public test suites',
      ],
    ],
    counter: 'messages[0].additional: unknown field `additional`, expected one of `role`, `content`, `name`',
  },
  {
    says: 'value',
    pattern:
      /['"`](?<path>[a-z][\w.]{1,60})['"`]:? expected one of(?<allowed>[^\n]{1,200}?), received ['"`]{0,2}(?<value>[\w.+-]{1,40})/iu,
    examples: [
      [
        "Validation error for `reasoning_effort`: expected one of `'low' | 'medium' | 'high'`, received `'xhigh'`.",
        'https://github.com/router-for-me/CLIProxyAPI/issues/1307',
      ],
    ],
    counter: 'Expected one of the messages to be of the user.',
  },
  {
    says: 'value',
    path: 'reasoning_effort',
    pattern:
      /(?:Unexpected|Unsupported|Invalid|Unknown) reasoning[ _]effort:? ?['"`]?(?<value>[\w.+-]{0,40})['"`]?(?<rest>[^\n]{0,300})/iu,
    examples: [
      [
        "the model's chat template rejected this request: Unexpected reasoning effort high. Supported types are xhigh (default), medium, and low.",
        'https://github.com/lablup/mlxcel/pull/1175',
      ],
    ],
    counter: 'Unrecognized request argument supplied: reasoning_effort',
  },
  {
    says: 'value',
    pattern:
      /(?<![a-z_])(?<path>[a-z]{1,30}_[a-z_]{1,40})(?: parameter)? (?:must be (?:set to )?|is restricted to )(?<allowed>['"`]?(?:true|false|null)\b['"`]?)/iu,
    examples: [
      [
        'parameter.enable_thinking must be set to false for non-streaming calls',
        'https://github.com/tencentmusic/supersonic/issues/2355',
      ],
      [
        'The value of the enable_thinking parameter is restricted to True.',
        'https://help.aliyun.com/zh/model-studio/error-code',
      ],
    ],
    counter: 'The `reasoning_content` in the thinking mode must be passed back to the API.',
  },
];
