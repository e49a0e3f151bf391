import type { Sentence } from './sentence.ts';

/** How servers say that there is more of something than they take. */
export const countSentences: readonly Sentence[] = [
  {
    says: 'count',
    pattern:
      /(?:more than|only|at most|up to|no more than|max(?:imum)?(?: of| is)?|(?:only )?(?:supports?|accepts?|allows?|takes?)(?: only)?) (?<maximum>\d{1,4}|one|two|three|four|five|six) (?<what>image|picture|photo|audio|video)(?:s|\(s\))?(?![\w-]| (?:sizes?|models?|formats?|types?|resolutions?|tokens?|requests?|generations?)\b)/iu,
    examples: [
      [
        'Too many images in request: 11 images provided, but the model supports a maximum of 10 images.',
        'https://github.com/microsoft/vscode/issues/306919',
      ],
      ['Mllama only supports one image per sample', 'https://github.com/hiyouga/LlamaFactory/issues/6636'],
    ],
    counter: 'The maximum size of one image is 5 MB.',
  },
  {
    says: 'count',
    maximum: 1,
    pattern:
      /(?:(?:not support|cannot (?:take|handle|process)) multiple|only (?:supports?|accepts?|allows?|takes?) a single) (?<what>image|picture|audio|video)s?\b/iu,
    examples: [
      ['vision model only supports a single image per message', 'https://github.com/ollama/ollama-js/issues/213'],
    ],
    counter: 'This model supports multiple images',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:(?:does not|doesn't|do not|don't|cannot|can't|unable to) (?:currently |yet )?(?:support|accept|process|handle|take|see|read|view)|no support for) (?:the |any )?['"`]?(?<what>image|picture|vision|multi-?modal|audio|video)(?:s|_url)?['"`]?(?:[ -](?:inputs?|contents?|data|parts?|blocks?|understanding|support|modalit(?:y|ies)|capabilit(?:y|ies))){0,2}(?=$|[.,;:!)]| \(| (?:in|for|with|by|on)\b|[^\p{L}\d _-])(?! (?:in|for|with|on|when|while|if|as|inside|from) (?!(?:this|the|that|your|our) (?:[^ ]{1,60} )?(?:model|endpoint|provider|server|api|deployment)|['"`]?[\w./:-]{0,60}\d))/iu,
    examples: [
      [
        'this model does not support image input (ref: b8bd630e-4a39-4b57-82af-9158ee9d5703)',
        'https://github.com/ollama/ollama/issues/17301',
      ],
      ['Model do not support image input.', 'https://github.com/tencent-connect/openclaw-qqbot/issues/111'],
      [
        'Model does not support images. Please use a model that does.',
        'https://github.com/xlinx/sd-webui-decadetw-auto-prompt-llm/issues/16',
      ],
    ],
    counter: 'This model does not support images larger than 5 MB',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:(?:is not|isn't) an?|(?:does not|doesn't|do not|don't) have (?:any |an? )?|lacks? (?:any )?|(?:has|have|with) no) {0,2}(?<what>multi-?modal|vision|image|audio|video)(?:[- ](?:language|input|understanding))? (?:models?|support|(?:cap)?abilit(?:y|ies)|modalit(?:y|ies))\b/iu,
    examples: [
      ['facebook/opt-125m is not a multimodal model None', 'https://github.com/studio-dots-ai/dots.ocr/issues/61'],
    ],
    counter: 'm is not a model of this server',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?<![\w.-])['"`]?(?<what>images?|image_url|vision|pictures?|multi-?modal)['"`]?(?: (?:inputs?|contents?|understanding|data|parts?|blocks?|messages?|support|modalit(?:y|ies)|capabilit(?:y|ies))){0,2}(?: types?)?['"`]?(?: is| are)? (?:not (?:supported|allowed|accepted|enabled|available)|unsupported|disabled|turned off|only supported by)(?! (?:in|for|with|on|when|while|if|as|inside|from) (?!models?\b|(?:this|the|that|your|our) (?:[^ ]{1,60} )?(?:model|endpoint|provider|server|api|deployment)|['"`]?[\w./:-]{0,60}\d))/iu,
    examples: [
      [
        'Invalid request: Image input not supported for model kimi-k2-0905-preview',
        'https://github.com/23q3/astrbot_plugin_SpectreCore/issues/68',
      ],
      [
        'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
        'https://github.com/ggml-org/llama.cpp (tools/server)',
      ],
      [
        'Image input modality is not enabled for models/gemma-3-1b-it',
        'https://github.com/google/generative-ai-docs/issues/513',
      ],
      [
        'Invalid content type. image_url is only supported by certain models.',
        'https://github.com/vllm-project/vllm/issues/11629',
      ],
    ],
    counter: 'The image format webp is not supported',
  },
  {
    says: 'count',
    maximum: 0,
    path: 'images',
    pattern:
      /content[\w.[\]]{0,20}type is invalid, allowed values: ?\[['"`]text['"`]\]|only (?:accepts?|supports?|takes?|allows?) text(?:[ -]only)?(?: inputs?| contents?| messages?)?\s{0,2}(?:$|[.,;!])/iu,
    examples: [
      ["messages.content.type is invalid, allowed values: ['text']", 'Z.ai (1210), as quoted in public test suites'],
    ],
    counter: "messages.content.type is invalid, allowed values: ['text', 'image_url']",
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /missing (?:the )?(?:data|projector|weights) (?:required |needed )?for (?<what>image|vision|audio) (?:input|support)/iu,
    examples: [
      ['this model is missing data required for image input', 'https://github.com/ollama/ollama (model/model.go)'],
    ],
    counter: 'The request is missing data required for the image.',
  },
  {
    says: 'count',
    maximum: 0,
    pattern: /no endpoints? (?:found )?that supports? (?<what>image|audio|video) inputs?/iu,
    examples: [
      ['No endpoints found that support image input', 'https://openrouter.ai/docs/guides/overview/multimodal/images'],
    ],
    counter: 'No endpoints found that support tool use',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:unknown variant|Input tag) ['"`]?(?<what>image|document)(?:_url)?['"`]?(?:, expected ['"`]?text\b| found using)/iu,
    examples: [
      ['messages[1].content[0]: unknown variant `image_url`, expected `text`', 'https://serde.rs (the words)'],
      [
        "messages.2.content.0: Input tag 'image' found using 'type' does not match any of the expected tags: 'text', 'tool_use'",
        'https://docs.pydantic.dev/latest/errors/validation_errors/#union_tag_invalid (the words)',
      ],
    ],
    counter: 'unknown variant `xhigh`, expected `text`',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:不支持|无法|不能)(?:输入|处理|接收|识别|理解){0,2}(?<what>图像|图片|视觉|多模态|视频|音频)(?!格式|大小|尺寸|类型|链接|地址|的| ?url)/iu,
    examples: [['此模型不支持图像输入。请尝试其他模型', 'https://github.com/Wei-Shaw/sub2api/issues/6899']],
    counter: '该模型不支持图片格式 webp',
  },
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
      /(?:(?:(?:max(?:imum)?(?: allowed)?|reduce the) )?number of |too many |(?=[a-z]{4,9} count\b))(?<what>image|picture|audio|video|document|file|tool|function|message|stop sequence)(?:s|_urls?)?\b(?: (?:definitions?|declarations?|inputs?|parts?|items?|count)){0,2}:?(?: \(?\d{1,5}\)?)? ?(?:(?:>=?|(?:is |are )?(?:greater|larger|more) than|(?:is |are )?(?:over|above)|exceeds?) ?|(?<=(?:max(?:imum)?(?: allowed)?|reduce the) number of [^\d\n]{0,40}))[^\d\n]{0,40}(?<maximum>\d{1,5})/iu,
    examples: [
      ['Total number of images exceeds the maximum allowed of 8', 'Mistral, as measured by users of its vision models'],
    ],
    counter: 'The number of requests exceeds the limit of 3.',
  },
  {
    says: 'count',
    pattern:
      /(?:(?<what>tools|functions|messages|stop)\b['"`]?: )?(?:array|list|tuple) should have at most (?<maximum>\d{1,6}) items?/iu,
    examples: [
      [
        'tools: List should have at most 128 items after validation, not 130',
        'https://docs.pydantic.dev/latest/errors/validation_errors/#too_long',
      ],
    ],
    counter: 'String should have at most 128 characters',
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
    pattern:
      /(?<what>image|audio|video)=(?<maximum>\d{1,5})\b[^\n]{0,80}(?:but passed|, (?:but )?(?:got|received|found)) \d{1,5}/iu,
    examples: [
      [
        'You set image=2 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in the same prompt.',
        'https://github.com/xorbitsai/inference/issues/3054',
      ],
      [
        'You set or defaulted to image=4 in --limit-mm-per-prompt, but passed 10 image items in the same prompt.',
        'https://github.com/hiyouga/LlamaFactory/issues/7886',
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
      /(?<what>图像|图片|工具|函数|文件|视频|音频)(?!的?(?:大小|尺寸|格式|体积|分辨率|名称|描述))[^\d\n]{0,12}(?:超过|超出|大于|多于|上限|最大|最多)[^\d\n]{0,10}(?<maximum>\d{1,5})/iu,
    examples: [
      [
        '请求中的图像过多: 提供了 11 个图像，但模型最多支持 10 个图像。',
        'https://github.com/microsoft/vscode/issues/303825',
      ],
    ],
    counter: '图片大小不能超过 5 MB',
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
  {
    // A list is what a content with an image is.
    says: 'count',
    path: 'images',
    maximum: 0,
    pattern:
      /(?:(?:\bcontent(?: field)?(?:'s type)?['"`]?:?|messages[\w.[\]]{1,20}content['"`]?:?) (?:must|should|has to) be (?:a |an |of type )?(?:valid )?['"`]?str(?:ing)?\b|messages[\w.[\]]{1,20}content['"`]?: input should be a valid string|invalid type: sequence, expected a string)/iu,
    examples: [
      [
        "<400> InternalError.Algo.InvalidParameter: The content field's type should be `str` in messages.",
        'https://github.com/modelscope/modelscope/issues/1478',
      ],
      ['invalid type: sequence, expected a string', 'https://github.com/deepseek-ai/DeepSeek-V3/issues (serde)'],
    ],
    counter: 'messages[1].tool_call_id should be a string',
  },
];
