import { otherThings } from './other-things.ts';
import type { Sentence } from './sentence.ts';

/** How servers say that a prompt does not fit. */
export const promptSentences: readonly Sentence[] = [
  {
    says: 'overflow',
    pattern:
      /\b(?:prompt|input|request|conversation|messages?)\b[^.\n]{0,40}\d[\d,]{2,10} tokens[^.\n]{0,40}(?:more|larger|longer|greater) than[^.\n]{0,20}\d[\d,]{2,10}|exceed\w{0,3} the (?:max(?:imum)?|limit)(?: allowed)?(?: number)? of (?:input )?tokens|maximum supported sequence length|tokens in (?:the |your )?request\W{1,5}\d|(?:^|[,:;.] |\b(?:the|input|prompt|token|tokenized|your|this|request) )sequence (?:length \d{1,9} )?(?:is )?too long|(?:prompt|input) tokens?\W{1,5}\d[\d,]{2,10}\W{1,3}(?:limit|max\w{0,4})\W{1,4}\d|prefill (?:length|tokens?)[^.\n]{0,40}(?:larger|greater|longer|more|exceeds?)|kv[ _-]?cache[^.\n]{0,60}sequence of \d|exceed\w{0,3} (?:the )?max_position_embeddings|(?:input|prompt)_tokens_exceeded/iu,
    unless: otherThings,
    examples: [
      [
        'Requested generation length 1 is not possible! The provided prompt is 9000 tokens long, so generating 1 tokens requires a sequence length of 9001, but the maximum supported sequence length is just 8192!',
        'https://github.com/predibase/lorax (the words)',
      ],
    ],
    counter: 'The KV cache is full. Try again.',
  },
  {
    says: 'overflow',
    pattern:
      /(?:maximum|max) (?:context|prompt|input|sequence|model) (?:length|window|size)|max length exceeded|prompt tokens limit exceeded|tokens? > \d{1,9} maximum|context length is only|model token limit|prompt token count of \d{1,9} exceeds|input token count [^\n]{0,80}(?:exceeds|only supports)|range of input length should be|inputs[`'"]? tokens \+ [`'"]?max_new_tokens[`'"]? must be|`inputs` must have less than|input length and [`'"]?max_tokens[`'"]? exceed|max_tokens must be at least 1, got -\d|exceed_context_size_error|too large for model with|exceed max message tokens|size limit exceeded by \d{1,9} tokens|(?:n_keep|keep)[^\n]{0,80}(?:n_ctx|context)|prompt_too_long|prompt[_ ]length exceeded/iu,
    examples: [
      [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens. Please reduce the length of the messages.",
        'https://github.com/crewAIInc/crewAI-examples/issues/121',
      ],
      [
        "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
        'https://github.com/cline/cline/issues/3120',
      ],
      ['prompt is too long: 202128 tokens > 200000 maximum', 'https://github.com/stackblitz/bolt.new/issues/1748'],
      [
        "Requested token count exceeds the model's maximum context length of 202752 tokens. You requested a total of 235000 tokens: 203000 tokens from the input messages and 32000 tokens for the completion.",
        'https://github.com/anomalyco/opencode/issues/25231',
      ],
      [
        'Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)',
        'https://github.com/MoonshotAI/kimi-cli/issues/2011',
      ],
      ['model max length exceeded, max length:8192', 'https://github.com/MoonshotAI/MoonshotAI-Cookbook/issues/18'],
      [
        'Prompt tokens limit exceeded: 230799 > 91442. To increase, visit https://openrouter.ai/settings/keys and create a key with a higher monthly limit',
        'https://github.com/anomalyco/opencode/issues/12219',
      ],
      [
        'Unable to submit request because the input token count is 32825 but model only supports up to 32768. Reduce the input token count and try again.',
        'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors',
      ],
      [
        'The input token count (2845475) exceeds the maximum number of tokens allowed (1048576).',
        'https://github.com/google-gemini/gemini-cli/issues/4692',
      ],
      [
        '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 258048]',
        'https://help.aliyun.com/zh/model-studio/error-code',
      ],
      [
        'Prompt contains 321774 tokens and 0 draft tokens, too large for model with 262144 maximum context length',
        'https://docs.mistral.ai/resources/known-limitations',
      ],
      [
        'Total tokens of image and text exceed max message tokens. Request id: 0217',
        'https://github.com/bytedance/deer-flow/issues/583',
      ],
      [
        'too many tokens: size limit exceeded by 168512 tokens. Try using shorter or fewer inputs. The limit for this model is 132000 tokens.',
        'https://github.com/anomalyco/opencode (captured from the API on 2026-10-02)',
      ],
      [
        'Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input.',
        'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/546',
      ],
      [
        'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 10247 >= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter prompt.',
        'https://github.com/tinyhumansai/openhuman/issues/3550',
      ],
      [
        'prompt_too_long: tokenized VLM text prompt has 20771 tokens, max prompt/context tokens is 20119',
        'https://github.com/jjang-ai/vmlx/issues/254',
      ],
      ['Prompt exceeds maximum context length', 'https://github.com/ddalcu/mlx-serve/issues/66'],
    ],
    counter: 'Set the context length of the model in the settings of the server.',
  },
  {
    says: 'overflow',
    pattern:
      /(?:prompts?|inputs?|messages?|conversation|context|query|history)(?:[ _](?:tokens?|length|size|content|window|history)){0,2}(?: ?\([^)\n]{0,60}\))? {0,2}(?:is |are |was )?too (?:long|large|big)|(?:prompt|input|message)s? exceeds? (?:the )?max(?:imum)? (?:length|tokens|size)|reduce (?:the )?(?:length|number|size) of (?:the |your )?(?:input|messages?|prompts?|tokens)|too many (?:input |prompt )?tokens|tokens? limit exceeded|(?<!\bmax_(?:new_|output_|completion_)?)tokens exceed/iu,
    unless: otherThings,
    examples: [
      [
        'Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000',
        'https://github.com/cline/cline/issues/5140',
      ],
      ['Prompt exceeds max length', 'https://github.com/farion1231/cc-switch/issues/6982'],
      ['prompt tokens too long', 'https://github.com/PaddlePaddle/ERNIE-SDK/issues/336'],
      [
        'The prompt is too long: 203557, model maximum context length: 196607',
        'https://github.com/anomalyco/models.dev/pull/6508',
      ],
      [
        'The prompt (total length 25938) is too long to fit into the model (context length 4096). Make sure that `max_model_len` is no smaller than the number of text tokens plus multimodal tokens.',
        'https://github.com/vllm-project/vllm/issues/12165',
      ],
      [
        'too many tokens: total number of tokens (prompt and prediction) cannot exceed 2048 - received 6354. Try using a shorter prompt or a smaller max_tokens value.',
        'https://github.com/cohere-ai/sandbox-topically/issues/4',
      ],
      [
        'Input is too long for requested model.',
        'https://repost.aws/knowledge-center/bedrock-validation-exception-errors',
      ],
      [
        'prompt too long; exceeded max context length by 100918 tokens',
        'https://github.com/earendil-works/pi/blob/main/packages/ai/test/overflow.test.ts',
      ],
      ['500 input length too long', 'https://github.com/RooCodeInc/Roo-Code/issues/1767'],
      [
        'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 289650 tokens. Please reduce the length of the messages.',
        'https://github.com/cline/cline/issues/5474',
      ],
    ],
    counter: 'Throttling error: Too many tokens, please wait before trying again.',
  },
  {
    says: 'overflow',
    pattern:
      /(?:exceed|over|larger|longer|greater|too (?:long|large|big)|fit|reach|insufficient|not enough|beyond|out of|cannot)[^.!?\n]{0,80}(?:context (?:window|length|size|limit)|n_ctx|max_seq_len|max_model_len|(?:prompt|input|sequence|model) (?:token )?(?:length|limit|maximum))|(?:context (?:window|length|size|limit)|context|n_ctx)[^.!?\n]{0,60}(?:exceed|overflow|full|reached|not enough)|reached context length/iu,
    unless: otherThings,
    examples: [
      ['Context size has been exceeded', 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/2339'],
      [
        'Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)',
        'https://github.com/anomalyco/opencode/issues/11141',
      ],
      [
        'request (144055 tokens) exceeds the available context size (131072 tokens), try increasing it',
        'https://github.com/tontinton/maki/pull/319',
      ],
      [
        "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
        'https://github.com/QwenLM/Qwen3/issues/1321',
      ],
      ['invalid params, context window exceeds limit (2013)', 'https://github.com/MiniMax-AI/MiniMax-M2/issues/119'],
      [
        'ContextWindowExceededError: litellm.BadRequestError: Context Window exceeded for given call. No models have context window large enough for this call.',
        'https://github.com/anomalyco/opencode/pull/44889',
      ],
      [
        'Your input exceeds the context window of this model. Please adjust your input and try again.',
        'https://github.com/anomalyco/opencode/issues/6071',
      ],
      ["Your input exceeds the model's context window", 'https://github.com/code-yeongyu/senpi/pull/1466'],
      [
        'Context window exceeded: requested 12000 tokens',
        'https://github.com/zimmra/openclaw/blob/main/src/agents/pi-embedded-helpers.islikelycontextoverflowerror.e2e.test.ts',
      ],
      [
        'Reached context length of 4096 tokens with model (arch: qwen3vlmoe) that does not currently support mid-generation context overflow. Try reloading with a larger context length or shortening the prompt/chat.',
        'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1251',
      ],
      ['Requested tokens exceed context window of 512', 'https://github.com/abetlen/llama-cpp-python/issues/120'],
    ],
    counter: 'Model context window too small (minimum is 128k tokens)',
  },
  {
    says: 'overflow',
    pattern:
      /(?<![\w-])(?:prompts?|inputs?|prompt_tokens|input_tokens|max_total_tokens|total tokens|sequence|messages?|conversation)\b[^.!?\n]{0,120}?(?:exceed|(?:greater|larger|longer|bigger|more) than|(?:beyond|over) (?:the |its |your |our )?(?:[\w./:-]{1,40} )?(?:max|limit\b(?!:)|context|window|allowed|\d)|must (?:be|have) (?:less|fewer|smaller)|cannot exceed|(?<=\d\W{0,2} ?)>=?(?= ?(?:\d|max|limit|n_ctx|context))|too large for)[^.!?\n]{0,120}?(?:context|window|maximum|max[_ ]|limit|length|n_ctx|allowed)/iu,
    unless: otherThings,
    examples: [
      [
        'Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).',
        'https://github.com/sgl-project/sglang/issues/4048',
      ],
      [
        'Input length 131393 exceeds the maximum allowed input length of 131040 tokens.',
        'https://github.com/earendil-works/pi/issues/4943',
      ],
      [
        'length of prompt_tokens (68957) must be less than max_seq_len (65536).',
        'https://github.com/chatboxai/chatbox/issues/2060',
      ],
      [
        'invalid_prompt: prompt tokens (330095) exceed model maximum (278528) for base model abc',
        'https://github.com/earendil-works/pi/blob/main/packages/ai/test/overflow.test.ts',
      ],
      [
        'length of prompt_tokens (57535) must be less than max_seq_len (32768)',
        'https://github.com/langgenius/dify/issues/19394',
      ],
      [
        'max_total_tokens (172191) must be less than or equal to max_seq_len (131072)',
        'https://github.com/bytedance/deer-flow/issues/376',
      ],
    ],
    counter: 'The input parameter temperature exceeds the maximum of 2.',
  },
  {
    says: 'overflow',
    pattern:
      /(?:输入|提示|上下文|消息|对话|内容|prompt|tokens?)[^。；\n]{0,40}(?:超过|超出|超长|超限|过长|太长|大于|溢出)|(?:超过|超出)[^。；\n]{0,40}(?:上下文|最大(?:输入|长度)|tokens?|长度限制)/iu,
    unless: otherThings,
    examples: [
      ['输入内容过长，请减少 Prompt 中的 token 数量后重试', 'https://github.com/fengshao1227/ccg-workflow/issues/69'],
    ],
    counter: '请求频率超过限制，请稍后重试。',
  },
];
