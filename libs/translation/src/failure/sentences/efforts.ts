import type { Sentence } from './sentence.ts';

/** The names of how much a model thinks, and words for it. */
const name = String.raw`(?:(?<![\w.])['"\x60]?(?<path>reasoning_effort|reasoning\.effort|output_config\.effort|thinking_?level)\b|(?:reasoning|thinking|effort)[ _](?:efforts?|levels?)\b|(?<![\w.])effort\b)`;
const level = String.raw`['"\x60]?(?:none|minimal|low|medium|high|xhigh|max|default|auto)\b['"\x60]?`;
const between = String.raw`(?:, ?(?:and |or )?| ?[|/、，] ?| (?:or|and) |和|或)`;
/** Two levels at least: one alone may be the one that was refused. */
const levels = String.raw`${level}(?: \(default\))?(?:${between}${level}(?: \(default\))?){1,9}(?! ?(?:is |are )?(?:not |un|invalid|不))`;

/** How servers name the levels of thinking that they take. */
export const effortSentences: readonly Sentence[] = [
  {
    says: 'value',
    path: 'reasoning_effort',
    pattern: new RegExp(String.raw`max(?:imum)? (?:value |level )?(?:for|of) ${name} is (?<most>${level})`, 'iu'),
    examples: [
      [
        "The maximum value of reasoning_effort is 'high' for this model",
        'OpenAI-compatible servers, as quoted in public test suites',
      ],
    ],
    counter: 'The maximum value of temperature is 1',
  },
  {
    says: 'value',
    path: 'reasoning_effort',
    pattern: new RegExp(String.raw`${name}[^\n。]{0,100}?(?<![\w'"\x60-])(?<allowed>${levels})`, 'iu'),
    examples: [
      ['reasoning_effort must be low, medium, or high', 'https://docs.x.ai/docs/guides/reasoning (the words)'],
      [
        'Thinking level HIGH is not supported for this model. Supported levels: LOW, MEDIUM.',
        'https://github.com/vercel/ai/issues/22372 (the form)',
      ],
      [
        'Bad value for reasoning_effort (xhigh). Allowed: low | medium | high',
        'OpenAI-compatible servers, as quoted in public test suites',
      ],
      ['reasoning_effort 只支持 low、medium、high', 'https://help.aliyun.com/zh/model-studio/error-code (the form)'],
    ],
    counter: 'reasoning_effort low and high are not supported',
  },
  {
    says: 'value',
    path: 'reasoning_effort',
    unless: /verbosity|detail|priority|quality|severity/iu,
    pattern: new RegExp(
      String.raw`(?:(?:supported|allowed|available|valid) (?:levels?|efforts?)|(?:must|should) be(?: one of)?|expected(?: one of)?)[^\n.]{0,12}?(?<![\w'"\x60-])(?<allowed>(?=[^\n.]{0,40}medium)${levels})`,
      'iu',
    ),
    examples: [
      [
        "Input should be 'low', 'medium' or 'high'",
        'https://docs.pydantic.dev/latest/errors/validation_errors/#literal_error',
      ],
    ],
    counter: 'The priority of the request should be low, medium or high',
  },
];
