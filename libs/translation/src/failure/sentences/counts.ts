import type { Sentence } from './sentence.ts';

/** How servers say that there is more of something than they take. */
export const countSentences: readonly Sentence[] = [
  {
    says: 'count',
    pattern:
      /(?:more than|only|at most|up to|no more than|max(?:imum)?(?: of)?|(?:only )?(?:supports?|accepts?|allows?|takes?)(?: only)?) (?<maximum>\d{1,4}|one|two|three|four|five|six) (?<what>image|picture|photo|audio|video)(?:s|\(s\))?\b(?!-)/iu,
    examples: [
      ['You passed 6 images, but this model only supports 2 images per request', 'hand-made'],
      ['This model does not support more than one image', 'hand-made'],
      ['Only one image is supported per request', 'hand-made'],
      ['A request may hold up to 2 pictures', 'hand-made'],
    ],
    counter: 'The maximum size of one image is 5 MB.',
  },
  {
    says: 'count',
    pattern:
      /(?<what>image|picture|audio|video|tool|message)s? count:? ?\(?\d{1,5}\)? ?(?:>=?|exceeds?|is (?:greater|more|larger) than)[^\d\n]{0,30}(?<maximum>\d{1,5})/iu,
    examples: [['image count 6 > 2', 'hand-made']],
    counter: 'image size 6 > 2 MB',
  },
  {
    says: 'count',
    pattern: /number of (?<what>image|picture|audio|video)s? to (?:at most |max(?:imum)? )?(?<maximum>\d{1,5})/iu,
    examples: [['Please reduce the number of images to 4 or fewer', 'hand-made']],
    counter: 'Please reduce the size of the images to 4 MB or less',
  },
  {
    says: 'count',
    pattern: /(?<what>image|audio|video)=(?<maximum>\d{1,5}),? (?:but )?(?:got|received|passed|found) \d/iu,
    examples: [['limit_mm_per_prompt: image=2, got 6', 'hand-made']],
    counter: 'limit_mm_per_prompt: image=2',
  },
  {
    says: 'count',
    maximum: 1,
    pattern: /(?:not support|cannot (?:take|handle|process)) multiple (?<what>image|picture|audio|video)s?\b/iu,
    examples: [['This model does not support multiple images', 'hand-made']],
    counter: 'This model supports multiple images',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:(?:does not|doesn't|do not|don't|cannot|can't|unable to) (?:currently |yet )?(?:support|accept|process|handle|take|see|read|view)|no support for) (?:the |any )?['"`]?(?<what>image|picture|vision|multi-?modal|audio|video)(?:s|_url)?['"`]?(?:[ -](?:inputs?|contents?|data|parts?|blocks?|understanding))?(?=$|[.,;:!)]| (?:in|for|with|by|on)\b|[^\p{L}\d _-])(?! (?:in|for|with|on|when|while|if|as|inside|from) (?!(?:this|the|that|your|our) (?:[^ ]{1,60} )?(?:model|endpoint|provider|server|api|deployment)|['"`]?[\w./:-]{0,60}\d))/iu,
    examples: [
      ['This model does not support image input', 'hand-made'],
      ['The model m does not support vision.', 'hand-made'],
    ],
    counter: 'This model does not support images larger than 5 MB',
  },
  {
    says: 'count',
    maximum: 0,
    pattern: /(?:is not|isn't) an? (?<what>multi-?modal|vision)(?:[- ]language)? model/iu,
    examples: [['m is not a multimodal model', 'https://github.com/vllm-project/vllm (serving, the words)']],
    counter: 'm is not a model of this server',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?<![\w.-])['"`]?(?<what>images?|image_url|vision|pictures?|multi-?modal)['"`]?(?: (?:inputs?|contents?|understanding|data|parts?|blocks?|messages?)){0,2}(?: types?)?['"`]? (?:is|are) (?:not (?:supported|allowed|accepted|enabled|available)|unsupported|only supported by)(?! (?:in|for|with|on|when|while|if|as|inside|from) (?!(?:this|the|that|your|our) (?:[^ ]{1,60} )?(?:model|endpoint|provider|server|api|deployment)|['"`]?[\w./:-]{0,60}\d))/iu,
    examples: [
      ['image_url is not supported by this model', 'hand-made'],
      [
        'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
        'https://github.com/ggml-org/llama.cpp (tools/server)',
      ],
      [
        'Invalid content type. image_url is only supported by certain models.',
        'https://platform.openai.com/docs/guides/images-vision (the words)',
      ],
    ],
    counter: 'The image format webp is not supported',
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
    pattern: /unknown variant ['"`]?(?<what>image)(?:_url)?['"`]?, expected ['"`]?text\b/iu,
    examples: [
      ['messages[1].content[0]: unknown variant `image_url`, expected `text`', 'https://serde.rs (the words)'],
    ],
    counter: 'unknown variant `xhigh`, expected `text`',
  },
  {
    says: 'count',
    maximum: 0,
    pattern:
      /(?:不支持|无法|不能)(?:输入|处理|接收|识别|理解){0,2}(?<what>图像|图片|视觉|多模态|视频|音频)(?!格式|大小|尺寸|类型|链接|地址|的| ?url)/iu,
    examples: [['该模型不支持图片输入', 'hand-made']],
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
      /(?:maximum|max|up to|no more than|limit(?:ed)?(?: of| to)?|only)(?: number)?(?: of)? (?<maximum>\d{1,5}) (?<what>image|audio|video|document|file|tool|function|stop sequence)s?\b/iu,
    examples: [['A maximum of 20 images can be sent to this model.', 'hand-made']],
    counter: 'The maximum of 20 MB an image was exceeded.',
  },
  {
    says: 'count',
    pattern:
      /(?:number of|too many) (?<what>image|audio|video|document|file|tool|function|message|stop sequence)(?:s|_urls?)?(?: ?\(\d{1,5}\))? (?:is (?:greater|larger|more) than |is over |exceeds? )[^\d\n]{0,40}(?<maximum>\d{1,5})/iu,
    examples: [
      ['number of images (6) exceeds the maximum (4)', 'hand-made'],
      ['The number of image_url exceeds the limit of 3', 'hand-made'],
    ],
    counter: 'The number of requests exceeds the limit of 3.',
  },
  {
    says: 'count',
    pattern:
      /max(?:imum)?(?: allowed)? number of (?<what>image|audio|video|document|file|tool|function|message|stop sequence)s?\b[^\d\n]{0,40}(?<maximum>\d{1,5})/iu,
    examples: [
      ['Exceeded the maximum number of images: 20', 'hand-made'],
      ['Maximum number of tools is 128', 'hand-made'],
    ],
    counter: 'The maximum number of tokens is 8192.',
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
      /(?<what>图像|图片|工具|函数|文件|视频|音频)的?(?:数量|个数|数目|总数)[^\d\n]{0,20}(?:超过|超出|大于|多于|上限|最大|最多)[^\d\n]{0,10}(?<maximum>\d{1,5})/iu,
    examples: [['图片数量不能超过 4 张', 'hand-made']],
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
];
