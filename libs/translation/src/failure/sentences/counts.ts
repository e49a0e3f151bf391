import type { Sentence } from './sentence.ts';

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
