import { historySentences } from './histories.ts';
import type { Sentence } from './sentence.ts';

/** How servers refuse a form of the history, a combination of settings, or a schema. */
export const formSentences: readonly Sentence[] = [
  {
    says: 'answers in one piece',
    pattern:
      /\bonly (?:supports?|allows?|accepts?|available (?:in|with)|works (?:in|with)) (?:the )?stream(?:ing|ed)?\b(?! options?)|(?<![\w.])['"`]?stream(?:ing)?['"`]? (?:must|has to|needs to|should) be (?:set to )?['"`]?(?:true|enabled|on)\b|(?<!\w )(?:stream(?:ing)?(?: mode)?|stream ?= ?true) is (?:required|mandatory)|must (?:have|set|use|enable) ['"`]?stream(?:ing)?['"`]?(?: ?[=:] ?true| mode)?\b(?![_ ]options?)|non[- ]?stream(?:ing|ed)?(?: (?:mode|requests?|calls?|responses?|outputs?|completions?))? (?:is|are) (?:not (?:supported|allowed|available|permitted)|unsupported|disabled)|(?:does not|doesn't|do not|don't) (?:support|allow|accept) non[- ]?stream|(?:仅|只)支持流式|不支持非流式/iu,
    examples: [
      [
        'This model only support stream mode, please enable the stream parameter to access the model. ',
        'https://help.aliyun.com/zh/model-studio/error-code',
      ],
      ['Stream must be set to true', 'https://github.com/openai/codex/issues (chatgpt.com/backend-api)'],
      ['Requests with max_tokens > 4096 must have stream=true', 'https://docs.fireworks.ai (inference)'],
      [
        'Streaming is required for operations that may take longer than 10 minutes.',
        'https://github.com/anthropics/anthropic-sdk-typescript#long-requests (the words)',
      ],
    ],
    counter: 'stream_options is only allowed when stream is enabled',
  },
  {
    says: 'system messages between turns',
    pattern:
      /(?<!\w )system (?:role |messages? )?(?:must|should|can only|may only|has to|have to) (?:be|come|stand|appear) (?:\w{1,10} )?(?:at the (?:beginning|start)|first\b|the first\b)|(?:multiple|several|more than one) system (?:messages?|prompts?|roles?)|only one system (?:message|prompt)|system messages? (?:is|are) only (?:allowed|supported|permitted) (?:at|as) |'system' messages must come first/iu,
    examples: [['System message must be at the beginning.', 'https://github.com/anomalyco/opencode/issues/16560']],
    counter: 'The operating system must be at the beginning of the list.',
  },
  {
    says: 'system messages',
    pattern:
      /(?<![\w.])system (?:roles?|messages?|prompts?|instructions?)(?: is| are)? (?:not (?:supported|allowed|permitted|accepted|enabled)|unsupported)|(?:does not|doesn't|do not|don't) (?:support|accept|allow) (?:the |any |a )?['"`]?system['"`]? (?:role|message|prompt|instruction)s?|\brole['"`]? does not support ['"`]system['"`]|developer instruction is not enabled|only user and assistant roles are (?:supported|allowed)(?!, with)|\brole:? ['"`]?system['"`]? (?:is |are )?(?:not (?:supported|allowed|permitted|accepted)|unsupported)|(?:unsupported|invalid|unknown) (?:message )?role:? ['"`]?system\b|(?:不支持|不允许)(?:使用)? ?['"`]?(?:system|系统)['"`]? ?(?:角色|消息|提示词?|指令|role|message)/iu,
    examples: [
      ['System role not supported', 'https://github.com/vllm-project/vllm/pull/2964'],
      ['System messages are not allowed', 'https://github.com/router-for-me/CLIProxyAPI/issues/4092'],
      [
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        'https://github.com/janhq/jan/issues/4392',
      ],
      [
        'Developer instruction is not enabled for models/gemini-2.0-flash-exp',
        'https://github.com/QuantumNous/new-api/issues/989',
      ],
      [
        'Only user and assistant roles are supported!',
        'https://huggingface.co/mistralai/Mistral-7B-Instruct-v0.2 (chat template)',
      ],
    ],
    counter: 'The operating system is not supported by this model.',
  },
  {
    says: 'messages in any order',
    pattern:
      /roles must alternate|unexpected role '\w{1,20}' after role|only user(?:, system)? and assistant roles are supported/iu,
    examples: [
      [
        'Jinja Exception: After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results',
        'https://huggingface.co/mistralai (chat templates)',
      ],
      [
        "Expected last role User or Tool, Unexpected role 'user' after role 'tool'",
        'https://docs.mistral.ai/resources/known-limitations',
      ],
    ],
    counter: "Invalid value: 'tool'. The role of a message must be known.",
  },
  {
    says: 'calls without tools',
    pattern: /toolConfig field must be defined|(?:tool_use|tool_result|tool_calls).{0,80}must define tools/isu,
    examples: [
      [
        'ValidationException: The toolConfig field must be defined when using toolUse and toolResult content blocks.',
        'https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html',
      ],
    ],
    counter: 'tool_choice is only allowed when tools are specified.',
  },
  {
    says: 'forced choice while thinking',
    pattern:
      /does not support this tool_choice|tool_choice[^\n]{0,80}(?:required|object|forc|specified)[^\n]{0,80}(?:thinking|reasoning)|(?:thinking|reasoning)[^\n]{0,80}(?:tool_choice|tool choice)[^\n]{0,40}(?:forc|required|tool use)|thinking[^\n]{0,40} when tool_choice forces|(?:thinking|reasoning)(?: mode)?[^\n]{0,20} not support[^\n]{0,40}tool[_ ]choice|tool[_ ]choice['"`]? (?:is|are) (?:not (?:supported|allowed|permitted|compatible)|unsupported|incompatible)[^\n]{0,10} (?:with|while|when|in)\b[^\n]{0,20}(?:thinking|reasoning)|tool[_ ]choice['"`]? must be ['"`]?auto['"`]?[^\n]{0,20}(?:thinking|reasoning)|(?:thinking|reasoning)[^\n]{0,30}tool[_ ]choice['"`]? must be ['"`]?(?:auto|none)|forc(?:ed|ing) (?:a |the )?(?:function|tool)s?(?:[ _](?:call(?:ing|s)?|choice|use))?[^\n]{0,20} not (?:supported|allowed|permitted)[^\n]{0,20}(?:thinking|reasoning)|(?:thinking|reasoning)[^\n]{0,30}tool[_ ]choice['"`]? (?:must|may|can|should)(?: only)? be (?:set to )?['"`]?(?:auto|none)|(?:thinking|reasoning)(?: mode)? (?:cannot|can't|can not|may not|must not|is not|is in)[^\n]{0,30}\b(?:forced|forcing|required|specific) (?:tool|function)|(?:disable|turn off|switch off) (?:thinking|reasoning)[^\n]{0,20}(?:tool[_ ]choice|forced? (?:a |the )?(?:tool|function))|(?:thinking|思考)[^。\n]{0,14}(?:不支持|不能|不可|无法)[^。\n]{0,10}(?:强制|指定|tool[_ ]choice)|tool[_ ]choice[^。\n]{0,20}(?:不支持|不能|不可|无法)[^。\n]{0,10}思考/iu,
    examples: [
      ['Thinking mode does not support this tool_choice', 'https://github.com/tickernelz/opencode-mem/issues/253'],
      ['deepseek-reasoner does not support this tool_choice', 'https://github.com/vectorize-io/hindsight/issues/1286'],
      [
        '<400> InternalError.Algo.InvalidParameter: The tool_choice parameter does not support being set to required or object in thinking mode',
        'https://github.com/cloudwego/eino/issues/994',
      ],
      [
        "tool_choice 'specified' is incompatible with thinking enabled",
        'https://github.com/can1357/oh-my-pi/issues/827',
      ],
      [
        'Thinking may not be enabled when tool_choice forces tool use.',
        'https://github.com/can1357/oh-my-pi/issues/341',
      ],
    ],
    counter: 'The thinking mode read the tool_choice of the request.',
  },
  {
    says: 'thinking with tools',
    pattern:
      /(?:tools?|functions?)(?: call(?:ing|s))? (?:with|together with|alongside|and|when using|in combination with) ['"`]?(?:reasoning|thinking)\w{0,10}['"`]? (?:is|are) (?:not (?:supported|allowed|permitted)|unsupported|incompatible)|(?:reasoning|thinking)\w{0,10}['"`]? (?:is|are) (?:not (?:supported|allowed|permitted|compatible)|unsupported|incompatible) (?:together )?(?:with|when using|when|while using) (?:the |function )?(?:tools|functions?)\b|(?:reasoning|thinking)\w{0,10} with (?:function )?(?:tools|functions?|calls?|calling) (?:is|are) not (?:supported|allowed)/iu,
    examples: [
      [
        'Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead.',
        'https://github.com/aaif-goose/goose/issues/11413',
      ],
    ],
    counter: 'reasoning_effort is not supported with this model',
  },
  {
    says: 'thinking',
    pattern:
      /does not support (?:thinking|reasoning)\b|thinking[ _]level \w{1,20} is not supported(?![^\n]{0,60}supported (?:levels|values))|\bbudget \d{1,9} is invalid|only works in thinking mode|only enabled when thinking is enabled|think value .{0,60} is not supported|invalid (?:think|reasoning) value|(?<![\w.])(?<!(?:messages|tools)[\w.[\]]{1,60}: )(?:thinking|reasoning)(?: mode)? (?:is )?not (?:supported|available|enabled)(?! (?:when|while|if|with|in|for|on|together) (?!models?\/|(?:this|the|that|your) (?:[^ ]{1,60} )?(?:model|endpoint|server|provider)))|(?:thinking|reasoning) (?:mode )?is (?:mandatory|required|always on)|always (?:engages in|uses) (?:thinking|reasoning)|(?:thinking|reasoning) cannot be (?:disabled|turned off)/iu,
    examples: [
      [
        'This model always engages in thinking and cannot be disabled; please use low, high, or max',
        'https://github.com/sam-dumont/immich-video-memory-generator/issues/919',
      ],
      [
        'Reasoning is mandatory for this endpoint and cannot be disabled.',
        'https://openrouter.ai/docs/use-cases/reasoning-tokens (the words)',
      ],
      ['"llama3.2:1b" does not support thinking', 'https://docs.ollama.com/capabilities/thinking'],
      [
        'Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.',
        'https://github.com/vercel/ai/issues/22372',
      ],
      [
        'Unable to submit request because thinking_level MEDIUM is not supported by this model.',
        'https://github.com/jenslys/opencode-gemini-auth/issues/14',
      ],
      [
        'Thinking is not enabled for models/gemini-2.0-flash-preview-image-generation',
        'https://github.com/lobehub/lobehub/issues/7985',
      ],
      [
        'Unable to submit request because Thinking_config.include_thoughts is only enabled when thinking is enabled.',
        'https://github.com/lobehub/lobehub/issues/7985',
      ],
      [
        'Budget 0 is invalid. This model only works in thinking mode.',
        'https://ai.google.dev/gemini-api/docs/thinking (gemini-2.5-pro)',
      ],
    ],
    counter: 'This endpoint does not support images.',
  },
  ...historySentences,
  {
    says: 'schema',
    pattern:
      /Unknown name ["\\]{1,2}(?<keyword>[\w$-]{1,60})["\\]{1,2} at '(?<path>[^'\n]{0,200}(?:parameters|schema)[^'\n]{0,200})'/iu,
    examples: [
      [
        'Invalid JSON payload received. Unknown name "additionalProperties" at \'tools[0].function_declarations[12].parameters.properties[1].value.items\': Cannot find field.',
        'https://github.com/nanbingxyz/5ire/issues/42',
      ],
    ],
    counter: 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.',
  },
  {
    says: 'schema',
    pattern:
      /(?:(?:schema|grammar|function\.parameters)[^\n]{0,80}keywords?:? ?|unsupported (?:json )?schema (?:fields?|keywords?|properties|features?):? ?)[{[(]{0,2}['"`](?<keyword>[a-zA-Z$]{2,30})['"`]/iu,
    examples: [
      [
        "invalid JSON schema for tool Bash, tools[0].function.parameters: `/properties/x`: keyword 'additionalProperties' not supported",
        'https://console.groq.com/docs/tool-use (the words)',
      ],
    ],
    counter: "Unsupported keyword 'stop'",
  },
  {
    says: 'schema',
    pattern:
      /(?:unsupported (?:json )?schema keywords?:? ?|parameters contains? (?:an )?unsupported (?:field|keyword|property):? ?['"`]?)(?<keyword>[a-zA-Z$]{2,30})\b/iu,
    examples: [
      [
        'tools[0].function.parameters contains unsupported field $schema',
        'https://github.com/gittensor-ai-lab/sparkinfer/pull/977',
      ],
    ],
    counter: 'Unsupported keyword: pattern',
  },
  {
    says: 'schema',
    pattern:
      /['"`](?<keyword>[a-zA-Z$]{2,30})['"`] (?:(?<=parameters\/[^\n]{0,300}additionalProperties ['"`][a-zA-Z$]{2,30}['"`] )not allowed|is (?:not (?:allowed|supported|permitted)|unsupported) in (?:the )?(?:tool|function)s? (?:parameters|schemas?|inputs?))/iu,
    examples: [
      [
        "Tool validation failed: jsonschema: '/parameters/properties/unit' does not validate with file:///schema.json#/properties/parameters/$ref/properties/properties/additionalProperties/$ref/additionalProperties: additionalProperties 'default' not allowed",
        'https://github.com/llm-d/llm-d-inference-sim/pull/609',
      ],
    ],
    counter: '"stop" is not allowed in this request',
  },
  {
    says: 'schema',
    pattern:
      /unsupported (?:tool|function) schema(?:: ?(?<keyword>[a-zA-Z$]{2,30}) is\b)?|unsupported (?:format|pattern)\b[^\n]{0,60} (?:tool|function)s? (?:schema|parameters?)|(?:parameters?|tools?|functions?)[^\n]{0,20} schema (?:is )?not supported|schema ?(?:不合法|不支持|无效)/iu,
    examples: [
      [
        'unsupported tool schema: additionalProperties is only supported as false alongside declared properties, or as an open schema without them',
        'https://github.com/Joakimpalm-Zen/xyntetik-runner/issues/4',
      ],
    ],
    counter: 'The schema of the database is not supported',
  },
  {
    says: 'schema',
    pattern:
      /grammar (?:is )?too (?:complex|large|deep)|(?:xgrammar|llguidance|guidance|outlines):? [^.\n]{0,60}not supported|regex (?:look\w{0,10})[^.\n]{0,20}not supported/iu,
    examples: [
      ['grammar is too complex', 'https://github.com/anomalyco/opencode/issues/17405'],
      [
        'The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.',
        'https://github.com/anthropics/anthropic-sdk-python/issues/1185',
      ],
    ],
    counter: "Unsupported parameter: 'grammar'",
  },
  {
    says: 'schema',
    pattern:
      /Grammar error|Invalid (?:JSON )?schema (?:for|in) (?:(?:function|response_format|tool|format)[^\n]{0,200}?(?:['"`](?<keyword>[a-zA-Z$]{2,30})['"`] is (?:not|required)|is not a '(?<kind>regex)')|(?:function|response_format|tool|format))|json schema (?:contains|is invalid|uses|conversion failed)|(?:pars|compil|initializ|convert|build)\w{0,4}[^.\n]{0,40}(?:grammar|json[ _]schema|samplers)|empty grammar stack|grammar error|input_schema[^\n]{0,60}(?:invalid|not support)|schema[^.\n]{0,80}(?:not supported by|unsupported by) \w{1,20}/iu,
    examples: [
      ['Failed to initialize samplers: failed to parse grammar', 'https://github.com/lidge-jun/opencodex/issues/2135'],
      [
        'Failed to initialize samplers: Unexpected empty grammar stack after accepting piece: {" (14937)',
        'https://github.com/ggml-org/llama.cpp/issues/23990',
      ],
      [
        "Invalid schema for function 'mongodb-list-databases': In context=(), object schema missing properties.",
        'https://github.com/evalstate/fast-agent/issues/143',
      ],
      [
        "Invalid schema for function 'Artifact': '^(?!__.*__$)[^x]{1,200}$' is not a 'regex'.",
        'https://github.com/Alishahryar1/free-claude-code/issues/1730',
      ],
      [
        'The provided JSON schema contains features not supported by xgrammar.',
        'https://github.com/vllm-project/vllm/issues/16880',
      ],
      [
        'tools.73.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level',
        'https://github.com/nspady/google-calendar-mcp/issues/39',
      ],
    ],
    counter: "Unsupported parameter: 'grammar' is not supported with this model.",
  },
];

/** What the request asks for and the server does not have. */
export const refusalSentences: readonly Sentence[] = [
  {
    says: 'mistake',
    pattern:
      /Failed to parse (?:tools|tool call arguments|messages|input)|\[json\.exception|invalid format:|must be of type|is not supported for this model|(?:model|endpoints?)[^.\n]{0,60}(?:text-only|image input|tool use)/iu,
    examples: [['Failed to parse messages: Missing content', 'https://github.com/ggml-org/llama.cpp (tools/server)']],
    counter: 'The image could not be read. Try again.',
  },
  {
    says: 'model-unknown',
    pattern:
      /Function ['"`]?[\w-]{1,60}['"`]?: Not found for account|model[`'" \w.:/@-]{0,100}(?:does not exist|do(?:es)? not exist|not exist|not found|不存在)|(?:unknown|invalid|no such) model\b|\bmodel [^\n]{1,100}(?:has reached its end of life|(?:has been|was|is) (?:retired|decommissioned|shut down|sunset|no longer available))|模型[^。\n]{0,60}(?:不存在|未找到)|no endpoints found for /iu,
    examples: [
      ["model 'nope' not found", 'https://docs.ollama.com/api/errors'],
      [
        "Function '23d4f03a-b8a6-4adb-a183-7daa083a09cc': Not found for account 'Qawm'",
        'https://github.com/Alishahryar1/free-claude-code/issues/1021',
      ],
      [
        'The model `mixtral-8x7b-32768` has been decommissioned and is no longer supported.',
        'https://console.groq.com/docs/deprecations (model_decommissioned)',
      ],
      ['The model `m` does not exist.', 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html'],
      ['Model does not exist, please check the model code', 'https://docs.z.ai/api-reference/api-code (1211)'],
    ],
    counter: 'The model could not find a free worker.',
  },
];
