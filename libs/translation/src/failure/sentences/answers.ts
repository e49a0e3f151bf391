import { otherThings } from './other-things.ts';
import type { Sentence } from './sentence.ts';

/** Words about `max_tokens` that are not about its size. */
export const otherFaults =
  /(?<!(?:than|above|over|beyond|exceeding) \d[\d,_]{0,12} (?:is |are )?)not supported|unsupported|unrecogni[sz]ed|unknown|unexpected|same time|simultaneously|is required|instead of|use ['"`]?max_|must be an? (?:positive )?(?:integer|number)(?! (?:between|in|from|less|of at most|no|not|up))|expected an integer|expected a (?:number|string)|at least|must be (?:strictly )?(?:greater|larger|more|positive)|extra inputs|不支持|(?:必须|应|需)大于/iu;

/** How servers say that an answer may not be that long, or one text of the request. */
export const answerSentences: readonly Sentence[] = [
  {
    says: 'affordable',
    pattern: /can (?:only )?afford (?:at most |up to |only )?[1-9]|tokens? capacity required, \d{1,9} available/iu,
    examples: [
      [
        'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account',
        'https://github.com/Gitlawb/openclaude/issues/1125',
      ],
      [
        'More credits are required to run this request. 128000 token capacity required, 19484 available. To increase, visit https://openrouter.ai/settings/keys and create a key with a higher limit',
        'https://github.com/tailcallhq/forgecode/issues/571',
      ],
    ],
    counter:
      'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 0.',
  },
  {
    says: 'more-than-a-minute',
    pattern: /request too large for [^\n]{1,200}tokens per min/iu,
    examples: [
      [
        'Request too large for gpt-4o in organization org-78 on tokens per min (TPM): Limit 30000, Requested 31538. The input or output tokens must be reduced in order to run successfully.',
        'https://github.com/TheR1D/shell_gpt/issues/653',
      ],
      [
        'Request too large for model `llama-3.1-8b-instant` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce your message size and try again.',
        'https://github.com/elizaOS/eliza/issues/4040',
      ],
    ],
    counter:
      'Rate limit reached for model `llama-3.1-8b-instant` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s.',
  },
  {
    says: 'text-too-long',
    pattern:
      /(?<![\w.[\]])(?<path>[a-z]\w{0,40}[.[][\w.[\]]{1,120})['"`]?:? [^\n.]{0,40}?(?:at most|more than|maximum length(?: of| is)?|too long\b[^\n]{0,40}?) \d{1,9} char/iu,
    examples: [
      [
        'tools.3.custom.description: String should have at most 1024 characters',
        'https://docs.pydantic.dev/latest/errors/validation_errors/',
      ],
    ],
    counter: 'tools.3.custom.description: Extra inputs are not permitted',
  },
  {
    says: 'text-too-long',
    pattern:
      /(?:Invalid ['"`](?<path>[\w.[\]]{1,120})['"`]: )?string too long|strings? should have at most \d{1,9} characters|(?:maximum|max) (?:string )?length of \d{1,9} characters/iu,
    examples: [
      [
        "Invalid 'tools[13].function.description': string too long. Expected a string with maximum length 1024, but got a string with length 1103 instead.",
        'https://github.com/getsentry/sentry-mcp/issues/106',
      ],
      ['String should have at most 64 characters', 'https://docs.pydantic.dev/latest/errors/validation_errors/'],
    ],
    counter: 'The input token count exceeds the maximum number of tokens allowed 1048576.',
  },
  {
    says: 'text-too-long',
    pattern: /(?:at most|more than|maximum length(?: of| is)?) \d{1,9} char(?:acter)?\(?s?\)?/iu,
    examples: [['String must contain at most 1024 character(s)', 'https://zod.dev/error-customization']],
    counter: 'max_tokens must be at most 8192 tokens',
  },
  {
    says: 'answer-too-long',
    pattern:
      /max(?:imum)?[ _-]?(?:completion|output|new|gen)?[ _-]?to(?:ken|k)s?(?:[ _-]?(?:count|to[ _]sample))?(?![a-z])(?:[^.!?。\n]|\.(?=\S)){0,160}?(?:too (?:large|high|big|long|many)|exceed|(?:must|should|can|may|has to|needs to) ?(?:not )?(?:be|exceed)|at most|no more than|less than|less or equal|lower than|greater than|above max|range|between|<=|≤|>|limited to|非法|范围|超过|超出|不能|不得|大于|小于|最大|最多|上限|之间)/iu,
    unless: otherFaults,
    examples: [
      [
        'max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.',
        'https://github.com/algorithmicsuperintelligence/optillm/issues/4',
      ],
      [
        'The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.',
        'https://github.com/vercel/ai/issues/2772',
      ],
      [
        'Unable to submit request because it has a maxOutputTokens value of 65536 but the supported range is from 1 (inclusive) to 65536 (exclusive). Update the value and try again.',
        'https://github.com/aaif-goose/goose/issues/11364',
      ],
      [
        'The parameter max_tokens specified in the request is not valid: integer above maximum value, expected a value <= 32768, but got 64000 instead. Request id: 0217',
        'https://github.com/yiliqi78/TOKENICODE/issues/3',
      ],
      [
        'The parameter `max_completion_tokens` specified in the request are not valid: integer above maximum value, expected a value <= 12288, but got 16384 instead.',
        'https://github.com/xuanyustudio/LocalMiniDrama/issues/39',
      ],
      [
        'max_tokens (131072) cannot exceed 65536. Please reduce the length of max output tokens generated.',
        'https://github.com/mlflow/mlflow/pull/25359',
      ],
      [
        'max_tokens=32000 cannot be greater than max_model_len=max_total_tokens=28672. Please request fewer output tokens. (parameter=max_tokens, value=32000)',
        'https://github.com/cline/cline/issues/13229',
      ],
      [
        'max_tokens=38000cannot be greater than max_model_len=max_total_tokens=32768. Please request fewer output tokens. (parameter=max_tokens, value=38000)',
        'https://github.com/vllm-project/vllm/pull/40324',
      ],
      [
        'too many tokens: max tokens must be less than or equal to 4096, the maximum output length for this model - received 1000000.',
        'https://github.com/anomalyco/opencode (captured from the API on 2026-10-02)',
      ],
      [
        "max_tokens (384000) exceeds model's maximum output tokens (65536) for model deepseek-v4-flash:0731",
        'https://github.com/DaviRain-Su/hyper-grok-build/issues/44',
      ],
      [
        '<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]',
        'https://github.com/open-webui/open-webui/issues/10507',
      ],
      [
        'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]',
        'https://github.com/we0-dev/we0/issues/56',
      ],
      [
        'max_tokens for `llama-3.1-8b-instant` must be less than or equal to 8000',
        'https://github.com/skapadia3214/groq-moa/issues/8',
      ],
      [
        'max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-3-7-sonnet-20250219',
        'https://github.com/coolcline/CoolCline/issues/23',
      ],
      ["Max tokens exceeds model's max length", 'https://github.com/xorbitsai/inference/issues/3066'],
      ['max_tokens参数非法。请检查文档。', 'https://github.com/lobehub/lobehub/issues/1398'],
      ['max_tokens参数非法：限制数值范围[1,16384]', 'https://docs.z.ai/api-reference/api-code (1210)'],
    ],
    counter:
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  },
  {
    says: 'answer-too-long',
    pattern:
      /(?:maximum|max)(?: number of)? (?:output|completion|new|generated) tokens? (?:is|are|of|for [\w./:-]{1,60} is):? \d|(?:greater|larger|more) than (?:the )?max(?:imum)?(?: of)? \d{1,9}\b[^\n]{0,20}max_(?:completion_|output_|new_)?tokens/iu,
    examples: [
      [
        "32000 is greater than the maximum of 8192 - 'max_tokens'",
        'https://python-jsonschema.readthedocs.io/en/stable/errors/ (the words)',
      ],
    ],
    counter: "3 is greater than the maximum of 2 - 'temperature'",
  },
  {
    says: 'answer-too-long',
    pattern:
      /too many (?:output|completion|generated|new) tokens|(?:output|completion)(?: tokens?)? limit\b[^.\n]{0,60}\d|(?:num_predict|n_predict|max_length)\b[^.\n]{0,40}(?:greater|larger|exceed|at most|less than|<=|≤)|(?:output|completion|generated) (?:length|tokens?)\b[^.\n]{0,80}(?:exceed|above|too (?:long|large|many)|at most|limited to)|(?:at most|limit of|maximum of|up to) \d[\d,]{0,9} (?:output|completion) tokens|Requested \d{1,9} to generate tokens|(?:输出|生成|回答)[^。\n]{0,40}(?:超过|超出|大于|过长)/iu,
    unless: otherThings,
    examples: [
      [
        'Requested 115120 to generate tokens, following a prompt of length 40055, which exceeds the max limit of 128000 tokens.',
        'https://github.com/OpenRouterTeam/ai-sdk-provider/issues/121',
      ],
    ],
    counter: 'The answer is limited to 60 requests per minute.',
  },
];
